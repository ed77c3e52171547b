// node startup/etcdts.js <address>: makes one get by core as it is published, which scripts/bundle.mjs makes, and ends.
import { KEY } from '../workload.ts';

const published = new URL('../../../packages/core/lib/index.js', import.meta.url);
const { createClient } = (await import(published.href)) as typeof import('@etcdts/core');
const { kvs } = await createClient({ endpoints: process.argv[2] ?? '' }).kv.get(KEY);
process.exit(kvs.length === 1 ? 0 : 1);
