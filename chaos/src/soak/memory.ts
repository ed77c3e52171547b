/** Heap and resident memory, in MB, after a collection of garbage; with the work that was done until then. */
export interface MemorySample {
  readonly minutes: number;
  readonly operations: number;
  readonly heap: number;
  readonly rss: number;
  readonly handles: number;
  readonly listeners: number;
}

/** The slope of a column over another one, by least squares, after the first third, in which caches and compiled code grow. */
export function slope(
  samples: readonly MemorySample[],
  column: 'heap' | 'rss',
  over: 'minutes' | 'operations',
): number {
  const late = samples.slice(Math.floor(samples.length / 3));
  const mean = (of: keyof MemorySample): number => late.reduce((sum, sample) => sum + sample[of], 0) / late.length;
  const [x, y] = [mean(over), mean(column)];
  const covariance = late.reduce((sum, sample) => sum + (sample[over] - x) * (sample[column] - y), 0);
  return covariance / late.reduce((sum, sample) => sum + (sample[over] - x) ** 2, 0);
}
