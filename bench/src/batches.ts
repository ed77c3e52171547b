// Calls in batches, so that no client has thousands of them under way.

const BATCH = 100;

/** Calls `make` with each index below `count`, 100 at a time. */
export async function inBatches<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let at = 0; at < count; at += BATCH) {
    made.push(...(await Promise.all(Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => make(at + i)))));
  }
  return made;
}
