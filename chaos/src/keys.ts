/** The keys of a run. What leases, locks and elections write lies outside of {@link ALL}. */
export const ALL = 'c/';
/** Ten registers, each a key: put, read, compare-and-set. */
export const REGISTERS = 'c/r/';
/** Lists, each a key with a text of elements, to which transactions append. A list that is full is followed by the next one. */
export const LISTS = 'c/l/';
/** Pairs of keys that only transactions write, with one value for both. */
export const PAIRS = 'c/p/';
/** Fifty keys that are put, deleted one by one and by ranges, and read in pages. */
export const DIRECTORY = 'c/d/';
/** Keys under leases. */
export const LEASED = 'c/k/';

/** The end of a prefix, as etcd has it. These prefixes end in a slash. */
export function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;
}
