// Data: the operations of every client and the keys of every server. A key has 16 bytes, a value 128, in a range 256.

export const KEYS = 10_000;
export const RANGE_KEYS = 1_000;
export const MANY_KEYS = 10_000;
export const WATCHES = 1_000;
export const LEASES = 10_000;
/** The time to live of the leases in seconds. A client renews a lease three times in it. */
export const LEASE_TTL = 9;
export const VALUE: Buffer = Buffer.alloc(128, 'v');
export const RANGE_VALUE: Buffer = Buffer.alloc(256, 'r');
export const LARGE_VALUE: Buffer = Buffer.alloc(2 ** 20, 'l');

/** The prefix of all keys, and the namespace of the clients in one. */
export const NAMESPACE = 'bench/';
/** The prefix of `key`, and of the one watch. */
export const WATCH_PREFIX = 'bench/k/';
/** The prefix of the keys of a range. */
export const RANGE_PREFIX = 'bench/r/';
/** The prefix of the keys of a get of 10,000 keys, and of pages. */
export const MANY_PREFIX = 'bench/m/';
/** The key of every get. */
export const KEY = 'bench/k/00000000';
/** The key of the values of 1 MiB. */
export const LARGE_KEY = 'bench/l/00000000';
/** The key of the many watches that one write goes to. */
export const FAN_OUT_KEY = 'bench/f/00000000';

/** The keys of copies. */
export const COPIED_KEYS = 100_000;
export const COPIED_PREFIX = 'bench/c/';
/** The key of the watches of a copy. */
export const COPIED_WATCHED = 'bench/c/00000000';

/** A key below a prefix. */
export function keyBelow(prefix: string, index: number): string {
  return `${prefix}${String(index).padStart(8, '0')}`;
}

export function key(index: number): string {
  return keyBelow(WATCH_PREFIX, index % KEYS);
}

/** The kinds of operations whose calls are counted and timed one by one. */
export type UnaryOperation =
  'put' | 'get' | 'txn' | 'range' | 'keys' | 'pages' | 'large-get' | 'large-put' | 'snapshot' | 'tls-put' | 'tls-range';

/** The kinds of operations. */
export type Operation =
  | UnaryOperation
  | 'watch'
  | 'watch-100'
  | 'fan-out'
  | 'watches'
  | 'watch-memory'
  | 'reader-memory'
  | 'lease-memory'
  | 'leases';

/** What is measured of copies, beside what they stand for. */
export type CopyOperation = 'copies' | 'copy-fill' | 'copy-memory' | 'copy-peek' | 'copy-get' | 'copy-watches';

/** The names of one operation of each kind in the tables. */
export const operations: Readonly<Record<Operation | CopyOperation, string>> = {
  put: 'put',
  get: 'get',
  txn: 'txn',
  range: 'range of 1,000 x 256 B',
  keys: 'get of 10,000 keys x 256 B',
  pages: '10,000 keys x 256 B in pages of 1,000',
  'large-get': 'get of 1 MiB',
  'large-put': 'put of 1 MiB',
  snapshot: 'snapshot',
  'tls-put': 'put over TLS',
  'tls-range': 'range of 1,000 x 256 B over TLS',
  watch: 'watch, each event',
  'watch-100': 'watch with 100 events a message, each event',
  'fan-out': 'write to 1,000 watches, each delivery',
  watches: '1,000 watches, each registered',
  'watch-memory': '1,000 watches, memory of each',
  'reader-memory': '1,000 watches and their readers, memory of each',
  'lease-memory': '10,000 leases, memory of each',
  leases: '10,000 leases, each renewal',
  copies: 'copies',
  'copy-fill': 'copy of 100,000 keys x 256 B, filled, each key',
  'copy-memory': 'copy of 100,000 keys x 256 B, memory of each key',
  'copy-peek': 'peek at a key of a copy',
  'copy-get': 'serializable get of a copy',
  'copy-watches': 'update to 1,000 watches of a copy',
};
