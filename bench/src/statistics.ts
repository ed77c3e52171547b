// Medians and paired ratios.
import type { Slice } from './measuring.ts';

/** A median with its quartiles. */
export interface Spread {
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
}

/** A number of a slice. A client's median and its ratio to another client are computed from it. */
export type Metric = 'cpu' | 'throughput' | 'wall' | 'p50' | 'p99' | 'memory';

/** The values of one client in one row, by round. */
export type Samples = Readonly<Partial<Record<Metric, readonly number[]>>>;

/**
 * Returns the numbers of slices: CPU in microseconds and memory in bytes per operation, throughput per second, the rest in
 * milliseconds.
 */
export function samplesOf(slices: readonly Slice[]): Samples {
  const of: Readonly<Record<Metric, (slice: Slice) => number | undefined>> = {
    cpu: ({ cpuMicros, operations, heldBytes }) =>
      cpuMicros === undefined || heldBytes !== undefined ? undefined : cpuMicros / operations,
    throughput: ({ millis, operations, cpuMicros, heldBytes }) =>
      heldBytes === undefined && cpuMicros !== undefined ? (operations / millis) * 1_000 : undefined,
    wall: ({ millis }) => millis,
    p50: ({ p50Millis }) => p50Millis,
    p99: ({ p99Millis }) => p99Millis,
    memory: ({ heldBytes, operations }) => (heldBytes === undefined ? undefined : heldBytes / operations),
  };
  const entries = Object.entries(of).map(([name, value]): [string, number[]] => [
    name,
    slices.flatMap((slice) => value(slice) ?? []).map((number) => Number(number.toPrecision(4))),
  ]);
  return Object.fromEntries(entries.filter(([, values]) => values.length > 0));
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): number => {
    const position = (sorted.length - 1) * q;
    const low = sorted[Math.floor(position)] ?? NaN;
    const high = sorted[Math.ceil(position)] ?? NaN;
    return low + (high - low) * (position - Math.floor(position));
  };
  return { q1: at(0.25), median: at(0.5), q3: at(0.75) };
}

/** Divides round by round, so that a slow spell of the machine hits both sides of each ratio. */
export function pairedRatio(values: readonly number[], base: readonly number[]): Spread {
  return spread(values.map((value, round) => value / (base[round] ?? NaN)));
}
