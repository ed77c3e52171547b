// Measures copies of @etcdts/cache, in a process of their own, beside what they stand for.
import { createClient, op } from '@etcdts/core';
import { http2Transport } from '@etcdts/http2';
import type { Slice } from '../measuring.ts';
import { type Peer, nodePeer } from '../process.ts';
import type { Measured } from '../results.ts';
import { samplesOf } from '../statistics.ts';
import { COPIED_KEYS, COPIED_PREFIX, COPIED_WATCHED, RANGE_VALUE, keyBelow } from '../workload.ts';
import { type CopyRow, copyMetrics, copyRows } from './rows.ts';
import type { CopySlices, CopyTask, Watched } from './program.ts';

/** The number of keys that one transaction writes. */
const PER_TXN = 100;
/**
 * The number of updates that are written to the watches of a slice, after as many that are not counted, and the pause after each, so that
 * each is delivered by itself.
 */
const UPDATES = 100;
const PAUSE_MS = 20;

/** Measures the rows of copies on an etcd. */
export async function measureCopies(endpoint: string, rounds: number): Promise<Measured[]> {
  const writer = createClient({ endpoints: endpoint, transport: http2Transport() });
  const peer = nodePeer('copies/program.js', [endpoint], { execArgv: ['--expose-gc'] });
  const slices = new Map<string, Slice[]>();
  const add = (row: CopyRow, side: string, slice: Slice): void => {
    const id = `${row}/${side}`;
    slices.set(id, [...(slices.get(id) ?? []), slice]);
  };
  try {
    for (let at = 0; at < COPIED_KEYS; at += PER_TXN) {
      const keys = Array.from({ length: PER_TXN }, (_, i) => keyBelow(COPIED_PREFIX, at + i));
      await writer.kv.txn({ then: keys.map((key) => op.put(key, RANGE_VALUE)) });
    }
    // The first round brings caches and the heap into their usual state, and is not counted.
    for (let round = -1; round < rounds; round++) {
      const filled = (await ask(peer, { type: 'fill' })) as CopySlices;
      const [peeked, got] = [
        (await ask(peer, { type: 'peek' })) as CopySlices,
        (await ask(peer, { type: 'get' })) as CopySlices,
      ];
      const watched = {
        copy: await updates('copy'),
        etcd: await updates('etcd'),
        'etcd-http2': await updates('etcd-http2'),
      };
      if (round < 0) continue;
      const held = { copy: filled['held by copy'], map: filled['held by map'] };
      const measured = { fill: filled, memory: held, peek: peeked, get: got, watches: watched };
      for (const row of Object.keys(copyRows) as CopyRow[])
        for (const side of copyRows[row]) add(row, side, (measured[row] as CopySlices)[side] as Slice);
    }
    await ask(peer, { type: 'close' });
  } finally {
    await peer.end();
    await writer.close();
  }
  return (Object.keys(copyRows) as CopyRow[]).map((row) => {
    const samples = Object.fromEntries(
      copyRows[row].map((side) => [side, samplesOf(slices.get(`${row}/${side}`) ?? [])]),
    );
    return {
      ...{ id: `copies/${row}`, server: 'etcd', operation: `copy-${row}`, concurrency: 1 },
      ...{ metric: copyMetrics[row], samples },
    } as const;
  });

  /** The cost of updates to watches of one kind. This process writes them, and the other one is measured. */
  async function updates(on: Watched): Promise<Slice> {
    await ask(peer, { type: 'watch', on });
    await write();
    await ask(peer, { type: 'begin', events: UPDATES });
    await write();
    return (await ask(peer, { type: 'delivered', events: UPDATES })) as Slice;
  }

  async function write(): Promise<void> {
    for (let i = 0; i < UPDATES; i++) {
      await writer.kv.put(COPIED_WATCHED, String(i));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function ask(peer: Peer, task: CopyTask): Promise<unknown> {
  const { result, error } = (await peer.request(task)) as { readonly result?: unknown; readonly error?: string };
  if (error !== undefined) throw new Error(error);
  return result;
}
