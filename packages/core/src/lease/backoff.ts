const FIRST_MS = 25;
const LONGEST_MS = 500;

/**
 * How long to wait before the next attempt, in milliseconds, with full jitter, so that clients that failed together do
 * not come back together: nothing after the first failure, then up to 25, 50, 100, … 500.
 */
export function backoffMs(failures: number, random: () => number): number {
  return failures <= 1 ? 0 : random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 2));
}
