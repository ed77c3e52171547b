// npm run soak [-- --minutes N --transport grpc|http2]: calls, watches, leases and clients come and go, connections are cut, and
// memory, handles and listeners must not grow. Exit code 1 if they do, 3 if the run was too short for a verdict on memory.
import { getEventListeners, setMaxListeners } from 'node:events';
import { parseArgs } from 'node:util';
import { seeded, startEtcd, startProxy } from '@etcdts/testing';
import { pause } from '../clock.ts';
import { churn, connect, type PARTS, type Soak } from './churn.ts';
import { slope, type MemorySample } from './memory.ts';

/** MB of heap for a million operations; MB of resident memory for ten minutes. */
const MOST = { heap: 1, rss: 2 } as const;
/** In a shorter run, caches and compiled code still grow, so that slopes show nothing. */
const LEAST_MINUTES = 10;
const SAMPLE_MS = 5_000;
const CUT_MS = 7_000;
/** How many of each part work at a time, and how long each rests, in ms. */
const PLAN: Readonly<Record<keyof typeof PARTS, readonly [count: number, restMs: number]>> = {
  calls: [8, 0],
  clients: [1, 60],
  watches: [4, 20],
  firstTurn: [1, 20],
  aborts: [2, 10],
  leases: [2, 40],
  pages: [1, 60],
};

const { gc } = globalThis as { gc?: () => void };
if (gc === undefined) throw new Error('start Node with --expose-gc, as npm run soak does');
const { minutes, transport } = settings();
process.exitCode = await run(minutes, transport, gc);

function settings(): { readonly minutes: number; readonly transport: 'grpc' | 'http2' } {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '1' }, transport: { type: 'string', default: 'grpc' } },
  });
  const asked = Number(values.minutes);
  if (!(asked > 0)) throw new TypeError(`--minutes must be a number, not ${values.minutes}`);
  if (values.transport !== 'grpc' && values.transport !== 'http2') {
    throw new TypeError(`--transport must be grpc or http2, not ${values.transport}`);
  }
  return { minutes: asked, transport: values.transport };
}

async function run(wanted: number, over: 'grpc' | 'http2', collect: () => void): Promise<number> {
  await using etcd = await startEtcd({ autoCompaction: { mode: 'revision', retention: '1000' } });
  await using proxy = await startProxy(etcd.endpoint);
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const before = process.getActiveResourcesInfo();
  const soak: Soak = {
    endpoint: proxy.endpoint,
    transport: over,
    random: seeded(1),
    ending: ending.signal,
    counts: new Map(),
  };
  const client = connect(soak);
  const samples: MemorySample[] = [];
  const begun = performance.now();
  const done = (): number => [...soak.counts.values()].reduce((sum, count) => sum + count, 0);
  const sampling = setInterval(() => {
    collect();
    const { heapUsed, rss } = process.memoryUsage();
    const sample = {
      minutes: (performance.now() - begun) / 60_000,
      operations: done(),
      heap: heapUsed / 1e6,
      rss: rss / 1e6,
      handles: process.getActiveResourcesInfo().length,
      listeners: getEventListeners(ending.signal, 'abort').length,
    };
    samples.push(sample);
    const { heap, rss: resident, handles, listeners } = sample;
    console.log(
      `${sample.minutes.toFixed(1).padStart(6)} min  ${sample.operations} operations  heap ${heap.toFixed(1)} MB  RSS ${resident.toFixed(0)} MB  ${handles} handles  ${listeners} listeners`,
    );
  }, SAMPLE_MS);
  const cutting = setInterval(() => proxy.cut(), CUT_MS);
  const working = Object.entries(PLAN).flatMap(([name, [count, restMs]]) =>
    Array.from({ length: count }, () => churn(soak, name, client, restMs)),
  );
  await Promise.race([pause(wanted * 60_000), ...working]);
  ending.abort();
  await Promise.all(working);
  clearInterval(sampling);
  clearInterval(cutting);
  await client.close();
  await pause(250);
  const left = process.getActiveResourcesInfo().length - before.length;
  return verdict(samples, soak, left, wanted);
}

function verdict(samples: readonly MemorySample[], { counts, ending }: Soak, left: number, wanted: number): number {
  const heap = slope(samples, 'heap', 'operations') * 1e6;
  const rss = slope(samples, 'rss', 'minutes') * 10;
  const listeners = getEventListeners(ending, 'abort').length;
  const line = (good: boolean, text: string): boolean => {
    console.log(`${good ? 'ok  ' : 'FAIL'} ${text}`);
    return good;
  };
  console.log([...counts].map(([name, count]) => `${name} ${count}`).join(', '));
  const all = [
    line(left <= 0, `${Math.max(0, left)} handles are left`),
    line(listeners === 0, `${listeners} listeners are left on the signal of all calls`),
  ];
  if (wanted < LEAST_MINUTES) {
    console.log(`INVALID memory: it shows nothing in less than ${LEAST_MINUTES} minutes`);
    return all.every(Boolean) ? 3 : 1;
  }
  all.push(
    line(heap <= MOST.heap, `heap: ${heap.toFixed(2)} MB for a million operations, at most ${MOST.heap}`),
    line(rss <= MOST.rss, `resident memory: ${rss.toFixed(2)} MB in ten minutes, at most ${MOST.rss}`),
  );
  return all.every(Boolean) ? 0 : 1;
}
