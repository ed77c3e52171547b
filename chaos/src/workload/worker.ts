// node worker.js <configuration as JSON>: one process of the workload. Its parent sends orders.
import { subscribe } from 'node:diagnostics_channel';
import { auth } from '@etcdts/auth';
import { createClient, type EtcdClient } from '@etcdts/core';
import { http2Transport } from '@etcdts/http2';
import { retry } from '@etcdts/retry';
import { seeded } from '@etcdts/testing';
import { pause } from '../clock.ts';
import type { Finals } from './finals.ts';
import { Recorder } from '../recorder.ts';
import type { Line } from '../history.ts';
import { APP } from '../users.ts';
import { leaseAgainAndAgain } from './leasing.ts';
import { contendAgainAndAgain } from './locking.ts';
import { callAgainAndAgain } from './operations.ts';
import type { Order, Report, WorkerConfig } from './orders.ts';
import { watchAgainAndAgain } from './watching.ts';
import { WorkerContext } from './worker-context.ts';

/** What Node holds for the channel to the parent. */
const OWN = ['PipeWrap', 'Immediate'];

const config = JSON.parse(process.argv[2] as string) as WorkerConfig;
const send = (report: Report): void => void process.send?.(report);

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    send({ type: 'failed', error: `${event}: ${(error as Error).stack ?? String(error)}` });
    process.exitCode = 1;
  });
}

let done = false;
// A parent that is killed takes its processes along.
process.on('disconnect', () => {
  if (!done) process.exit(1);
});

const recorder = new Recorder<Line>(config.history);
const context = new WorkerContext(config.process, seeded(config.seed), recorder);
const working = new AbortController();
const settling = new AbortController();
const stopping = new AbortController();

function connect(): EtcdClient {
  return createClient({
    endpoints: config.endpoints,
    requestTimeoutMs: 3_000,
    interceptors: config.auth ? [retry(), auth(APP)] : [retry()],
    ...(config.transport === 'http2' && { transport: http2Transport() }),
  });
}

let resumed = 0;
subscribe('etcdts:stream:resumed', (message) => {
  const { method, count } = message as { readonly method: string; readonly count: number };
  if (method === 'Watch.Watch') resumed += count;
});

/** Half of the callers, and the watches, leases and locks, have a client each, so that connections are shared and are not. */
const clients = Array.from({ length: 3 }, connect);
const [forCalls, forMore, forHolding] = clients as [EtcdClient, EtcdClient, EtcdClient];

const callers = Array.from({ length: config.callers }, (_, i) =>
  callAgainAndAgain(context, i % 2 === 0 ? forCalls : forMore, i, config.pauseMs, working.signal),
);
const holders = [
  ...Array.from({ length: config.leases }, (_, i) => leaseAgainAndAgain(context, forHolding, 100 + i, working.signal)),
  ...(config.locks.length > 0 ? [contendAgainAndAgain(context, forHolding, config.locks, working.signal)] : []),
];
const watchers = config.watches.map((kind, i) =>
  watchAgainAndAgain(context, forMore, 200 + i, kind, { settling: settling.signal, stopping: stopping.signal }),
);

const sums = setInterval(() => {
  const { operations, unknown } = context;
  send({ type: 'sum', operations, unknown, resumed, ...context.latencies() });
}, 1_000);

process.on('message', (order: Order) => {
  switch (order.type) {
    case 'block':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.ms);
      return;
    case 'jump': {
      const real = Date.now;
      Date.now = () => real() + order.ms;
      return;
    }
    case 'quiet':
      working.abort();
      settling.abort();
      void Promise.all([...callers, ...holders, ...[...context.watches].map(({ created }) => created)]).then(() =>
        send({ type: 'quiet' }),
      );
      return;
    case 'leave':
      void leave(order.finals);
  }
});

/** Every watch that is open must deliver its last event; then all is closed, and nothing is left. */
async function leave(finals: Finals): Promise<void> {
  const behind = (): number => [...context.watches].filter(({ last, delivered }) => delivered < finals[last]).length;
  for (let waited = 0; behind() > 0 && waited < config.settleMs; waited += 50) await pause(50);
  const left = behind();
  stopping.abort();
  await Promise.all(watchers);
  for (const client of clients) await client.close();
  clearInterval(sums);
  await recorder.close();
  // What a file system operation held is let go of a turn later.
  await pause(10);
  const handles = process.getActiveResourcesInfo().filter((kind) => !OWN.includes(kind));
  send({ type: 'left', behind: left, left: handles });
  done = true;
  process.disconnect();
}

send({ type: 'ready' });
