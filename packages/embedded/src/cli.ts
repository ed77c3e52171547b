#!/usr/bin/env node
// npx @etcdts/embedded --listen 127.0.0.1:2379
import { startEmbedded } from './embedded.ts';
import { inFlags, readFlags, USAGE } from './flags.ts';

async function main(): Promise<void> {
  const options = readFlags(process.argv.slice(2));
  if (options === undefined) {
    console.log(USAGE);
    return;
  }
  const etcd = await startEmbedded(options);
  console.log(`an embedded etcd, in memory and for development only, listens on ${etcd.endpoint}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void etcd.close());
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? inFlags(error.message) : String(error);
  console.error(`etcdts-embedded: ${message}\n\n${USAGE}`);
  process.exitCode = 1;
});
