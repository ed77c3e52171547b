// Readings of a process: its CPU time, its memory, and quantiles.
import type { Operation } from './workload.ts';

/** The measurements of a slice. */
export interface Slice {
  readonly operations: number;
  readonly millis: number;
  /** The user and system time of all threads. */
  readonly cpuMicros?: number | undefined;
  /** The latencies of single operations, if they have one. */
  readonly p50Millis?: number | undefined;
  readonly p99Millis?: number | undefined;
  /** The memory that all operations hold, if that is what the slice measures. */
  readonly heldBytes?: number | undefined;
}

/** The parameters of a slice. */
export interface SliceTask {
  readonly operation: Operation;
  readonly millis: number;
  /** The load before the measurement, which brings caches and the heap into their usual state. */
  readonly leadMillis: number;
  readonly concurrency: number;
  /** The number of operations that begin in a second, if it is limited. */
  readonly rate?: number | undefined;
}

/** Begins to measure. The result returns what was used since then. */
export function startCpu(): () => { readonly millis: number; readonly cpuMicros: number } {
  const cpu = process.cpuUsage();
  const start = performance.now();
  return () => {
    const millis = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return { millis, cpuMicros: user + system };
  };
}

export function quantile(sorted: readonly number[], q: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

/** The bytes that are in use on the heap and beside it, after garbage was collected. Workers run with `--expose-gc`. */
export async function heldBytes(): Promise<number> {
  if (gc === undefined) throw new Error('memory is measured with --expose-gc');
  for (let i = 0; i < 3; i++) {
    // What ends in a later turn becomes garbage only then.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
