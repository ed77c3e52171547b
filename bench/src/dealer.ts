// Deals slices to warm client processes, in a new random order every round, so that a slow spell hits every client.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientName } from './clients/index.ts';
import type { Worker } from './process.ts';
import type { Series } from './series.ts';
import type { Slice } from './slice.ts';

/** The sizes of a deal. */
export interface Deal {
  readonly rounds: number;
  readonly sliceMillis: number;
  readonly warmSlices: number;
  readonly warmOperations: number;
}

/** The slices of one series, by client, in the order of the rounds. */
export type Rounds = ReadonlyMap<ClientName, readonly Slice[]>;

/** The pause after a slice in milliseconds. Late answers and a collection of garbage end in it. */
const SETTLE_MS = 25;

const WARM_CONCURRENCY = 64;
const WARM_SLICE_MS = 250;

export function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}

/** Makes puts until a client's process has compiled the code that all its calls share. */
export async function warmUp(workers: readonly Worker[], address: string, operations: number): Promise<void> {
  for (const worker of workers) {
    await worker.open(address, 'put');
    for (let done = 0; done < operations;) {
      done += (await worker.slice({ operation: 'put', concurrency: WARM_CONCURRENCY, millis: WARM_SLICE_MS }))
        .operations;
    }
    await worker.close();
  }
}

/** Runs one series. `beside` runs during every slice; it is the writer for watches. */
export async function deal(
  series: Series,
  workers: readonly Worker[],
  address: string,
  { rounds, sliceMillis, warmSlices }: Deal,
  beside?: (millis: number) => Promise<unknown>,
): Promise<Rounds> {
  const { operation, concurrency } = series;
  const result = new Map<ClientName, Slice[]>(workers.map((worker) => [worker.client, []]));
  for (const worker of workers) await worker.open(address, operation);
  for (let round = -warmSlices; round < rounds; round++) {
    for (const worker of shuffled(workers)) {
      const running = beside?.(sliceMillis + SETTLE_MS);
      const slice = await worker.slice({ operation, concurrency, millis: sliceMillis });
      if (round >= 0) result.get(worker.client)?.push(slice);
      await running;
      await sleep(SETTLE_MS);
    }
  }
  for (const worker of workers) await worker.close();
  return result;
}
