// node startup/etcdts.js <address>: one get by core as it is published, which scripts/bundle.mjs has made; then out.
import { KEY } from '../workload.ts';

const published = new URL('../../../packages/core/lib/index.js', import.meta.url);
const { createClient } = (await import(published.href)) as typeof import('@etcdts/core');
const { kvs } = await createClient({ endpoints: process.argv[2] ?? '' }).kv.get(KEY);
process.exit(kvs.length === 1 ? 0 : 1);
