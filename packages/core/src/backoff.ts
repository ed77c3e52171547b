/** How pauses between attempts grow. */
export interface Backoff {
  /** The longest pause after the first failure; it doubles with each further one. */
  readonly firstMs: number;
  /** No pause is longer. */
  readonly longestMs: number;
  /**
   * The share of a pause that is random, so that clients that failed together do not come back together: 1, by default, for
   * anything from no pause to the whole, 0 for always the whole.
   */
  readonly jitter?: number | undefined;
}

/** How long to wait after so many failures in a row, in milliseconds; `random` is as Math.random. No failure, no pause. */
export function backoffMs(failures: number, { firstMs, longestMs, jitter = 1 }: Backoff, random: () => number): number {
  if (failures <= 0) return 0;
  const ceiling = Math.min(longestMs, firstMs * 2 ** (failures - 1));
  return ceiling * (1 - jitter + jitter * random());
}
