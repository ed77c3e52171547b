// Keys are compared as bytes. Inside this server they are strings of one character per byte, which compare in the same way, can
// be keys of maps, and cost nothing to copy.

/** A key as a string of bytes. */
export type Key = string;

/** One key, or the keys from `key` up to `end`. An empty `end` is the end of the key space. */
export interface KeyRange {
  readonly key: Key;
  readonly end: Key | undefined;
}

/** Converts the bytes of a key. */
export function toKey(bytes: Buffer): Key {
  return bytes.toString('latin1');
}

/** Converts a key back to its bytes. */
export function toBytes(key: Key): Buffer {
  return Buffer.from(key, 'latin1');
}

/** Makes the range of a request. No end means one key, a zero byte everything from the key on. */
export function toRange(key: Buffer, rangeEnd: Buffer): KeyRange {
  const end = rangeEnd.length === 0 ? undefined : toKey(rangeEnd);
  return { key: toKey(key), end: end === '\0' ? '' : end };
}

/** Whether the key lies in the range. */
export function contains({ key, end }: KeyRange, other: Key): boolean {
  if (end === undefined) return other === key;
  return other >= key && (end === '' || other < end);
}
