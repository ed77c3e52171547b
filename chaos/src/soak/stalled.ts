// node --expose-gc chaos/dist/soak/stalled.js: a reader stalls while 200 MB are written to its keys. Memory is bounded, its neighbours on
// the same client get their events as fast as before, and it gets every event once when it goes on. Exit code 1 if not.
import { createClient, type EtcdClient, type WatchStream } from '@etcdts/core';
import { http2Transport } from '@etcdts/http2';
import { startEtcd } from '@etcdts/testing';
import { now } from '../clock.ts';

const MB = 1024 * 1024;
/** What a watch holds for its reader by default, and what may come on top of it. */
const MOST = 8 * MB + 16 * MB;
const WRITES = 200;
/** Small values after each large one. */
const TICKS = 5;
const NEIGHBOURS = 20;
/** What each neighbour gets: before, during and after. */
const EVENTS = 3 * WRITES * TICKS;
/** How much later the slowest hundredth of the events may come than without the stalled reader, as a ratio: the noise of a busy machine. */
const MOST_LATER = 1.5;

let failed = false;

async function measure(transport: 'grpc' | 'http2', collect: () => void): Promise<void> {
  await using etcd = await startEtcd({ quotaBytes: 4_096 * MB });
  const connect = (): EtcdClient =>
    createClient({ endpoints: etcd.endpoint, ...(transport === 'http2' && { transport: http2Transport() }) });
  await using writer = connect();
  await using client = connect();
  const neighbours = Array.from({ length: NEIGHBOURS }, () => new Neighbour(client.watch('stalled/tick')));
  await Promise.all(neighbours.map(({ watch }) => watch.created));
  const before: number[] = [];
  const during: number[] = [];
  await write(writer, neighbours, before);
  const start = memory(collect);
  const stalled = client.watch('stalled/large/', { prefix: true });
  const { revision } = await stalled.created;
  await write(writer, neighbours, during);
  const grown = memory(collect) - start;
  const after: number[] = [];
  const keys = await readAll(stalled, revision);
  await write(writer, neighbours, after);
  await Promise.all([...neighbours.map(({ watch }) => watch.cancel()), stalled.cancel()]);
  const p99 = [before, during, after].map((latencies) => percentile(latencies, 0.99) / 1_000);
  const usual = Math.max(p99[0] as number, p99[2] as number);
  const ratio = (p99[1] as number) / usual;
  console.log(
    `\n${transport}: p99 of ${NEIGHBOURS} neighbours before, during and after: ${p99.map((ms) => `${ms.toFixed(1)} ms`).join(', ')}`,
  );
  judge(
    grown <= MOST,
    `the client grew by ${(grown / MB).toFixed(1)} MiB, at most ${MOST / MB}, while ${WRITES} MiB were written`,
  );
  judge(ratio <= MOST_LATER, `p99 during the stall is ${ratio.toFixed(2)} of that without, at most ${MOST_LATER}`);
  judge(
    neighbours.every(({ events }) => events === EVENTS),
    `each neighbour got ${neighbours[0]?.events} of ${EVENTS} events`,
  );
  judge(
    keys.length === WRITES && new Set(keys).size === WRITES,
    `the stalled reader got ${keys.length} of ${WRITES} events afterwards`,
  );
}

function judge(good: boolean, text: string): void {
  console.log(`${good ? 'ok  ' : 'FAIL'} ${text}`);
  failed ||= !good;
}

/** Writes the large values, small ones after each, and waits until all neighbours have each; with the times that it took, in microseconds. */
async function write(writer: EtcdClient, neighbours: readonly Neighbour[], latencies: number[]): Promise<void> {
  const value = Buffer.alloc(MB, 1);
  for (let i = 0; i < WRITES; i++) {
    await writer.kv.put(`stalled/large/${i}`, value);
    for (let tick = 0; tick < TICKS; tick++) {
      const sent = now();
      const seen = neighbours.map((neighbour) => neighbour.next());
      await writer.kv.put('stalled/tick', String(i));
      for (const at of await Promise.all(seen)) latencies.push(at - sent);
    }
  }
}

/** A reader that keeps up. */
class Neighbour {
  readonly watch: WatchStream;
  events = 0;
  #waiting: ((at: number) => void) | undefined;

  constructor(watch: WatchStream) {
    this.watch = watch;
    void this.#read();
  }

  /** The time of the next event. */
  next(): Promise<number> {
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  async #read(): Promise<void> {
    for await (const _ of this.watch.events()) {
      this.events++;
      this.#waiting?.(now());
    }
  }
}

async function readAll(watch: WatchStream, from: bigint): Promise<string[]> {
  const keys: string[] = [];
  let last = from;
  for await (const { kv } of watch.events()) {
    if (kv.modRevision <= last) throw new Error(`revision ${kv.modRevision} comes after ${last}`);
    last = kv.modRevision;
    keys.push(kv.key.toString());
    if (keys.length === WRITES) break;
  }
  return keys;
}

/** Heap and buffers beside it, after a collection of garbage. */
function memory(collect: () => void): number {
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function percentile(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;
}

const { gc } = globalThis as { gc?: () => void };
if (gc === undefined) throw new Error('start Node with --expose-gc');
for (const transport of ['grpc', 'http2'] as const) await measure(transport, gc);
process.exitCode = failed ? 1 : 0;
