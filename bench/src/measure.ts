// Measures one row.
import type { ClientProcess } from './client-process.ts';
import { deal, dealLeases, type Deal, type Rounds } from './dealer.ts';
import type { Measured } from './results.ts';
import type { Series } from './series.ts';
import type { Stage } from './stage.ts';
import { samplesOf } from './statistics.ts';

function measured({ id, server, operation, concurrency, metric }: Series, rounds: Rounds): Measured {
  const samples = Object.fromEntries(Object.entries(rounds).map(([label, slices]) => [label, samplesOf(slices)]));
  return { id, server, operation, concurrency, metric, samples };
}

/** Measures one row. Leases are two: their renewals, and their memory. */
export async function measure(
  series: Series,
  clients: readonly ClientProcess[],
  stage: Stage,
  sizes: Deal,
): Promise<Measured[]> {
  if (series.operation === 'leases') return measureLeases(series, clients, stage, sizes);
  const target = stage.target(series);
  if (target === undefined) return [];
  if (series.server === 'etcd') {
    const beside = series.operation === 'watch' ? (millis: number) => stage.write(millis) : undefined;
    return [measured(series, await deal(series, clients, target, sizes, beside))];
  }
  const before = (await stage.counters()).cpuMicros;
  const rounds = await deal(series, clients, target, sizes);
  const spent = (await stage.counters()).cpuMicros - before;
  return [{ ...measured(series, rounds), fakeMicros: spent / served(series, rounds, sizes) }];
}

/** The number of operations that the fake server has served: what was measured, and as much for leads and warm slices. */
function served(
  { leadMillis, slices, warmMillis }: Series,
  rounds: Rounds,
  { sliceMillis, warmSlices, rounds: count }: Deal,
): number {
  const networked = Object.entries(rounds).filter(([label]) => !label.startsWith('null'));
  const operations = networked.flatMap(([, all]) => all).reduce((sum, slice) => sum + slice.operations, 0);
  const length = sliceMillis * slices;
  const all = count * (leadMillis + length) + warmSlices * (leadMillis + Math.max(length, warmMillis));
  return (operations * all) / (count * length);
}

async function measureLeases(
  series: Series,
  clients: readonly ClientProcess[],
  stage: Stage,
  sizes: Deal,
): Promise<Measured[]> {
  const counted = async (): Promise<readonly number[]> => (await stage.counters()).renewals;
  const { renewals, memory } = await dealLeases(clients, stage.leaseTargets, counted, sizes);
  const held = { ...series, id: 'fake/lease-memory/1', metric: 'memory' } as const;
  return [measured(series, renewals), { ...measured(held, memory), operation: 'lease-memory' }];
}
