import type { Permission } from '../messages.ts';
import { toKey, type Key } from '../store/range.ts';

/** The access of an operation to its keys. */
export type Access = 'read' | 'write';

const READ = 0;
const WRITE = 1;

/** Keys from `from` up to `to`; without `to`, up to the end of the key space. */
interface Interval {
  readonly from: Key;
  readonly to: Key | undefined;
}

/** Whether the permissions, taken together, allow the access to all keys of the range (auth/range_perm_cache.go). */
export function permits(permissions: readonly Permission[], access: Access, key: Buffer, rangeEnd: Buffer): boolean {
  const denied = access === 'read' ? WRITE : READ;
  const asked = toInterval(key, rangeEnd);
  const granted = permissions
    .filter(({ permType }) => permType !== denied)
    .map((one) => toInterval(one.key, one.rangeEnd))
    // This matters if a range ends before it begins.
    .filter(({ to }) => to === undefined || to > asked.from);
  return covers(granted, asked);
}

/** Whether a permission can be given on the range. */
export function isValidRange(key: Buffer, rangeEnd: Buffer): boolean {
  if (key.length === 0) return false;
  return rangeEnd.length === 0 || isOpen(rangeEnd) || Buffer.compare(key, rangeEnd) < 0;
}

function isOpen(rangeEnd: Buffer): boolean {
  return rangeEnd.length === 1 && rangeEnd[0] === 0;
}

function toInterval(key: Buffer, rangeEnd: Buffer): Interval {
  const from = toKey(key);
  if (rangeEnd.length === 0) return { from, to: `${from}\0` };
  return { from, to: isOpen(rangeEnd) ? undefined : toKey(rangeEnd) };
}

function covers(granted: readonly Interval[], { from, to }: Interval): boolean {
  let reached = from;
  for (const interval of granted.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    if (interval.from > reached) return false;
    if (interval.to === undefined) return true;
    if (interval.to > reached) reached = interval.to;
    if (to !== undefined && reached >= to) return true;
  }
  return false;
}
