// node startup/etcdts.js <address>: one get, then out.
import { KEY } from '../workload.ts';

// What a process starts with is core as it is published: one file, made by scripts/bundle.mjs. `@etcdts/core` is here what
// the compiler builds, seventy files, which nobody installs.
const published = new URL('../../../packages/core/lib/index.js', import.meta.url).href;
const { createClient } = (await import(published)) as typeof import('@etcdts/core');

const value = (await createClient({ endpoints: process.argv[2] ?? '' }).kv.get(KEY)).kvs[0]?.value;
process.exit(value === undefined ? 1 : 0);
