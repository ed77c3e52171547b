/** How pauses between attempts grow. */
export interface Backoff {
  /** The longest pause after the first failure, in milliseconds. It doubles with each further failure. */
  readonly firstMs: number;
  /** The longest pause of all, in milliseconds. */
  readonly longestMs: number;
  /**
   * The random share of a pause, so that clients that failed together do not come back together. 1, the default, gives
   * anything from no pause to the whole; 0 gives always the whole.
   */
  readonly jitter?: number | undefined;
}

/** How long to wait after `failures` in a row, in milliseconds; 0 after none. `random` is a function like Math.random. */
export function backoffMs(failures: number, { firstMs, longestMs, jitter = 1 }: Backoff, random: () => number): number {
  if (failures <= 0) return 0;
  const ceiling = Math.min(longestMs, firstMs * 2 ** (failures - 1));
  return ceiling * (1 - jitter + jitter * random());
}
