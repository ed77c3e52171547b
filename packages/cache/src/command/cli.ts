#!/usr/bin/env node
// npx @etcdts/cache mirror --endpoints 10.0.0.1:2379 --prefix app/ --checkpoint mirrors/app 10.1.0.1:2379
import { createClient, isEtcdError, type ClientOptions, type EtcdClient, type Logger } from '@etcdts/core';
import { mirror } from '../mirror/mirror.ts';
import { readArguments, type CommandOrder } from './arguments.ts';
import { BadArguments } from './bad-arguments.ts';
import { ProgressLines } from './progress-lines.ts';
import { USAGE } from './usage.ts';

/** How long the command waits for both sides at its start, when a wrong address is likely. Later it waits for ever. */
const START_MS = 5_000;
/** How often it shows where it is. */
const PROGRESS_MS = 5_000;

const complain = (message: string): void => console.error(message);
const logger: Logger = { debug() {}, info() {}, warn: complain, error: complain };

async function main(): Promise<void> {
  const order = readArguments(process.argv.slice(2), process.env);
  if (order === undefined) return console.log(USAGE);
  const clients: EtcdClient[] = [];
  const open = (options: ClientOptions): EtcdClient => {
    const client = createClient({ ...options, logger });
    clients.push(client);
    return client;
  };
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    await run(open(order.source), open(order.target), order, stopping.signal);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    await Promise.all(clients.map((client) => client.close()));
  }
}

async function run(source: EtcdClient, target: EtcdClient, order: CommandOrder, signal: AbortSignal): Promise<void> {
  await Promise.all([source, target].map((client) => client.ready({ timeoutMs: START_MS, signal })));
  const lines = new ProgressLines((line) => console.log(line), PROGRESS_MS);
  try {
    await mirror(source, target, { ...order.mirror, signal, onProgress: (progress) => lines.add(progress) });
  } finally {
    lines.end();
  }
}

main().catch((error: unknown) => {
  console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
  const bad = error instanceof BadArguments;
  if (bad && error.exitCode === 1) console.error(`\n${USAGE}`);
  const refused = isEtcdError(error, 'INVALID_ARGUMENT') || isEtcdError(error, 'NO_AVAILABLE_ENDPOINTS');
  process.exitCode = bad ? error.exitCode : refused ? 128 : 1;
});
