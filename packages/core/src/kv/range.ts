import { OPEN_END, prefixEnd, toBytes, toKey, type Bytes } from '../bytes.ts';
import { invalidArgument } from '../errors.ts';

/** The forms of a range, at most one of them. Without any, an operation is about one key. */
export interface RangeForms {
  /** Every key that begins with the given key; with an empty key, every key (clientv3 `WithPrefix`). */
  prefix?: boolean | undefined;
  /** Every key from the given one on (clientv3 `WithFromKey`). */
  fromKey?: boolean | undefined;
  /** Every key from the given one up to this one, which is excluded (clientv3 `WithRange`). */
  rangeEnd?: Bytes | undefined;
}

/** A key and, for a range, its end. */
export interface KeyRange {
  /** The key, or the first key of the range; one zero byte for the first of all keys. */
  readonly key: Buffer;
  /** The first key after the range; one zero byte for none, so that the range has no end. */
  readonly rangeEnd?: Buffer;
}

const FIRST_KEY = OPEN_END;

/** Converts a key and a range form for the wire. Refuses two forms at once, an empty key and a reversed range. */
export function toRange(key: Bytes, forms: RangeForms): KeyRange {
  const { prefix, fromKey, rangeEnd } = forms;
  const given = [
    prefix === true && 'prefix',
    fromKey === true && 'fromKey',
    rangeEnd !== undefined && 'rangeEnd',
  ].filter(Boolean);
  if (given.length > 1)
    throw invalidArgument(given[1] as string, `cannot go with ${given[0]}: choose one form of range`);
  if (rangeEnd !== undefined) {
    const start = toKey(key, 'key');
    const end = toKey(rangeEnd, 'rangeEnd');
    if (!isOpen(end) && Buffer.compare(end, start) <= 0) {
      throw invalidArgument('rangeEnd', 'must be greater than key: the range is empty or reversed');
    }
    return { key: start, rangeEnd: end };
  }
  if (prefix !== true && fromKey !== true) return { key: toKey(key, 'key') };
  const start = toBytes(key, 'key');
  // etcd has no empty key. Its first possible key is "\0".
  if (start.length === 0) return { key: FIRST_KEY, rangeEnd: OPEN_END };
  return { key: start, rangeEnd: prefix === true ? prefixEnd(start) : OPEN_END };
}

function isOpen(end: Buffer): boolean {
  return end.length === 1 && end[0] === 0;
}
