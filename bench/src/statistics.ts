// Medians and paired ratios.
import type { Slice } from './slice.ts';

/** A median with its quartiles. */
export interface Spread {
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
}

/** A number of a slice. A client's median and its ratio to another client are computed from it. */
export type Metric = 'cpu' | 'throughput' | 'wall' | 'p50' | 'p99';

/** Returns a number of a slice: CPU in microseconds per operation, throughput per second, the rest in milliseconds. */
export function metric(slice: Slice, name: Metric): number {
  if (name === 'cpu') return slice.cpuMicros / slice.operations;
  if (name === 'throughput') return (slice.operations / slice.millis) * 1000;
  if (name === 'wall') return slice.millis;
  return (name === 'p50' ? slice.p50Millis : slice.p99Millis) ?? NaN;
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
