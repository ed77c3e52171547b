// Data: the operations of every client and the keys of every server. A key has 16 bytes, a value 128, in a range 256.

export const KEYS = 10_000;
export const RANGE_KEYS = 1_000;
export const WATCHES = 1_000;
export const RANGE_PREFIX = 'range/';
export const VALUE: Buffer = Buffer.alloc(128, 'v');
export const RANGE_VALUE: Buffer = Buffer.alloc(256, 'r');

/** The prefix of `key`, and of the one watch. */
export const WATCH_PREFIX = 'bench/';
/** The key of every get. */
export const KEY = 'bench/0000000000';

export function key(index: number): string {
  return `${WATCH_PREFIX}${String(index % KEYS).padStart(10, '0')}`;
}

export function rangeKey(index: number): string {
  return `${RANGE_PREFIX}${String(index).padStart(10, '0')}`;
}

/** The kinds of operations. */
export type Operation = 'put' | 'get' | 'txn' | 'range' | 'watch' | 'watches';

/** The names of one operation of each kind in the tables. */
export const operations: Readonly<Record<Operation, string>> = {
  put: 'put',
  get: 'get',
  txn: 'txn',
  range: `range of ${RANGE_KEYS.toLocaleString('en')} x ${RANGE_VALUE.length} B`,
  watch: 'watch, each event',
  watches: `${WATCHES.toLocaleString('en')} watches, each registered`,
};
