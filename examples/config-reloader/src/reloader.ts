// A program whose configuration is in etcd: it applies every change as it comes, and keeps what it has where a change is
// invalid. Ctrl-C ends it.
//   ETCD_ENDPOINTS=localhost:2379 node examples/config-reloader/dist/reloader.js
//   etcdctl put config-reloader/logLevel debug
import { cache } from '@etcdts/cache';
import { createClient } from '@etcdts/core';
import { retry } from '@etcdts/retry';
import { defaults, InvalidConfig, parseConfig, type Config } from './config.ts';

const prefix = process.env['CONFIG_PREFIX'] ?? 'config-reloader/';
const endpoints = (process.env['ETCD_ENDPOINTS'] ?? 'localhost:2379').split(',');
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort());

let config = defaults;

function reload(texts: ReadonlyMap<string, string>, revision: bigint): void {
  try {
    const next = parseConfig(texts);
    const changes = changesBetween(config, next);
    config = next;
    for (const change of changes) console.log(`revision ${revision}: ${change}`);
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    console.log(`revision ${revision}: refused, ${error.message}`);
  }
}

function changesBetween(before: Config, after: Config): string[] {
  const names = Object.keys(after) as (keyof Config)[];
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name} is ${after[name]}, and was ${before[name]}`);
}

await using client = createClient({ endpoints, interceptors: [retry()] });
console.log(`following ${prefix}, beginning with ${JSON.stringify(config)}`);
try {
  const copy = cache(client, prefix, { parse: (kv) => kv.text(), signal: stopping.signal });
  for await (const _ of copy.changes({ initial: true })) {
    // The copy has whole revisions, so that what one transaction wrote is applied together.
    const texts = new Map([...copy.entries()].map(([key, text]) => [key.toString().slice(prefix.length), text]));
    reload(texts, copy.revision);
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error;
}
console.log(`stopped with ${JSON.stringify(config)}`);
