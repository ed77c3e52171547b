// Deals slices to warm client processes, in a new random order every round, so that a slow spell hits every client.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientProcess } from './client-process.ts';
import type { Target } from './clients/subject.ts';
import type { Series } from './series.ts';
import type { Slice } from './measuring.ts';
import { LEASE_TTL, type Operation } from './workload.ts';

/** The sizes of a deal. */
export interface Deal {
  readonly rounds: number;
  readonly sliceMillis: number;
  readonly warmSlices: number;
  readonly warmOperations: number;
}

/** The slices of one row, by the labels of the clients, in the order of the rounds. */
export type Rounds = Readonly<Record<string, readonly Slice[]>>;

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
export async function warmUp(clients: readonly ClientProcess[], target: Target, operations: number): Promise<void> {
  const task = { operation: 'put', concurrency: WARM_CONCURRENCY, millis: WARM_SLICE_MS, leadMillis: 0 } as const;
  for (const client of clients) {
    await client.open(target, 'put');
    for (let done = 0; done < operations;) done += (await client.slice(task)).operations;
    await client.close();
  }
}

/** Runs one row. `beside` runs during every slice; it is the writer for watches. */
export async function deal(
  { operation, concurrency, leadMillis, slices, warmMillis }: Series,
  clients: readonly ClientProcess[],
  target: Target,
  { rounds, sliceMillis, warmSlices }: Deal,
  beside?: (millis: number) => Promise<unknown>,
): Promise<Rounds> {
  const counted = { operation: operation as Operation, concurrency, leadMillis, millis: sliceMillis * slices };
  const warming = { ...counted, millis: Math.max(counted.millis, warmMillis) };
  const result: Record<string, Slice[]> = Object.fromEntries(clients.map(({ label }) => [label, []]));
  for (const client of clients) await client.open(target, counted.operation);
  for (let round = -warmSlices; round < rounds; round++) {
    const task = round < 0 ? warming : counted;
    for (const client of shuffled(clients)) {
      const running = beside?.(task.leadMillis + task.millis + SETTLE_MS);
      const slice = await client.slice(task);
      if (round >= 0) result[client.label]?.push(slice);
      await running;
      await sleep(SETTLE_MS);
    }
  }
  for (const client of clients) await client.close();
  return result;
}

/** The leases of all clients, kept at the same time, and what each client holds in the end. */
export interface Leases {
  readonly renewals: Rounds;
  readonly memory: Rounds;
}

/** Keeps the leases of all clients at once. A slice is the time in which each lease is renewed once. */
export async function dealLeases(
  clients: readonly ClientProcess[],
  targets: readonly Target[],
  counted: () => Promise<readonly number[]>,
  { rounds }: Deal,
): Promise<Leases> {
  const sliceMillis = (LEASE_TTL * 1_000) / 3;
  const all = async <T>(each: (client: ClientProcess, index: number) => Promise<T>): Promise<T[]> =>
    Promise.all(clients.map(each));
  await all((client, index) => client.open(targets[index] as Target, 'leases'));
  for (const client of clients) await client.hold();
  // The first renewals come in the rhythm of the grants.
  await sleep(sliceMillis);
  const renewals: Record<string, Slice[]> = Object.fromEntries(clients.map(({ label }) => [label, []]));
  for (let round = 0; round < rounds; round++) {
    const before = await counted();
    await all((client) => client.beginSlice());
    await sleep(sliceMillis);
    const slices = await all((client) => client.endSlice());
    const after = await counted();
    slices.forEach((slice, index) => {
      const operations = (after[index] ?? NaN) - (before[index] ?? NaN);
      renewals[clients[index]?.label ?? '']?.push({ ...slice, operations });
    });
  }
  const held = await all((client) => client.memory());
  const memory = Object.fromEntries(clients.map(({ label }, index) => [label, [held[index] as Slice]]));
  await all((client) => client.close());
  return { renewals, memory };
}
