const FIRST_MS = 25;

/**
 * How long to wait before the next attempt, in milliseconds, with full jitter, so that clients that failed together do
 * not come back together: nothing after the first failure, then up to 25, 50, 100, … `longestMs`.
 */
export function backoffMs(failures: number, random: () => number, longestMs: number): number {
  return failures <= 1 ? 0 : random() * Math.min(longestMs, FIRST_MS * 2 ** (failures - 2));
}
