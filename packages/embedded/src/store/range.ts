// Keys are compared as bytes. Inside this server they are strings of one character per byte, which compare alike, go
// into maps, and cost nothing to copy.

/** A key as a string of bytes. */
export type Key = string;

/** One key, or the keys from `key` up to `end`; an empty `end` is that of the key space. */
export interface KeyRange {
  readonly key: Key;
  readonly end: Key | undefined;
}

/** Makes a key's bytes comparable. */
export function toKey(bytes: Buffer): Key {
  return bytes.toString('latin1');
}

/** Gives a key's bytes back. */
export function toBytes(key: Key): Buffer {
  return Buffer.from(key, 'latin1');
}

/** The range of a request: no end is one key, a zero byte is everything from the key on. */
export function toRange(key: Buffer, rangeEnd: Buffer): KeyRange {
  const end = rangeEnd.length === 0 ? undefined : toKey(rangeEnd);
  return { key: toKey(key), end: end === '\0' ? '' : end };
}

/** Whether the key lies in the range. */
export function contains({ key, end }: KeyRange, other: Key): boolean {
  if (end === undefined) return other === key;
  return other >= key && (end === '' || other < end);
}
