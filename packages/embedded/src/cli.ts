#!/usr/bin/env node
// npx @etcdts/embedded --listen 127.0.0.1:2379
import { parseArgs } from 'node:util';
import { startEmbedded } from './embedded.ts';

const USAGE = `An etcd for development: one member, in memory. What it holds is gone when it ends.

  etcdts-embedded [--listen <host>:<port> | --listen unix:<path>] [--allow-remote]

  --listen         where clients connect; 127.0.0.1:2379 by default
  --allow-remote   lets --listen be an address that other machines reach`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      listen: { type: 'string', default: '127.0.0.1:2379' },
      'allow-remote': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const place = /^unix:(?<socketPath>.+)$|^\[?(?<host>.*?)\]?:(?<port>\d+)$/.exec(values.listen)?.groups;
  if (place === undefined) throw new TypeError(`--listen is ${values.listen}, and not <host>:<port>`);
  const { socketPath, host, port } = place;
  const etcd = await startEmbedded({
    socketPath,
    host: host || undefined,
    port: Number(port),
    allowRemote: values['allow-remote'],
  });
  console.log(`an embedded etcd, in memory and for development only, listens on ${etcd.endpoint}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void etcd.close());
}

main().catch((error: unknown) => {
  console.error(`etcdts-embedded: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 1;
});
