import sortedBtree from 'sorted-btree';
import { bulkLoad } from 'sorted-btree/extended/bulkLoad.js';

/**
 * An ordered map from keys of etcd, as places, with snapshots that cost nothing: `clone()` shares all nodes, and a later change
 * copies only the nodes on its way.
 */
export type Ordered<V> = sortedBtree.default<string, V>;

const NODE_SIZE = 32;

/** Makes an empty map. */
export function ordered<V>(): Ordered<V> {
  return new sortedBtree.default<string, V>(undefined, compare, NODE_SIZE);
}

/** Makes a map of places in their order, and what they have: faster than one after the other, and without free space in its nodes. */
export function loaded<V>(places: string[], values: V[]): Ordered<V> {
  return bulkLoad(places, values, NODE_SIZE, compare, 1);
}

// The library's own comparison looks at types first, which takes longer than the comparison of two places.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The place of a key in the order of etcd: its bytes as text of one character each. Such texts have the order of the bytes, and
 * engines compare them faster than Buffers.
 */
export function placeOf(key: Uint8Array): string {
  const bytes = Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return bytes.toString('latin1');
}

/** The bytes of a place. */
export function keyOf(place: string): Buffer {
  return Buffer.from(place, 'latin1');
}

/** A range of places; without an end it has no upper bound. */
export interface Places {
  readonly from: string;
  readonly to: string | undefined;
}

/** The places of a range as etcd has it: one key, up to `rangeEnd`, or without an end if that is `"\0"`. */
export function placesOf({
  key,
  rangeEnd,
}: {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
}): Places {
  const from = placeOf(key);
  if (rangeEnd === undefined || rangeEnd.length === 0) return { from, to: `${from}\0` };
  return { from, to: rangeEnd.length === 1 && rangeEnd[0] === 0 ? undefined : placeOf(rangeEnd) };
}

/** Whether a place is in a range. */
export function isIn(place: string, { from, to }: Places): boolean {
  return place >= from && (to === undefined || place < to);
}

/** Whether a range is in another one. */
export function isWithin(inner: Places, outer: Places): boolean {
  if (inner.from < outer.from) return false;
  return outer.to === undefined || (inner.to !== undefined && inner.to <= outer.to);
}

/** The entries of a range, in order. */
export function* entriesIn<V>(map: Ordered<V>, { from, to }: Places): Generator<readonly [place: string, value: V]> {
  for (const entry of map.entries(from)) {
    if (to !== undefined && entry[0] >= to) return;
    yield entry;
  }
}

/** A place that differs between two maps. */
export interface Difference<V> {
  readonly place: string;
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/** What differs between two maps, in order. */
export function* differences<V>(
  before: Ordered<V>,
  after: Ordered<V>,
  isSame: (a: V, b: V) => boolean,
): Generator<Difference<V>> {
  const [olds, news] = [before.entries(), after.entries()];
  let [old, now] = [olds.next(), news.next()];
  while (old.done !== true || now.done !== true) {
    if (now.done === true || (old.done !== true && old.value[0] < now.value[0])) {
      yield { place: old.value[0], before: old.value[1], after: undefined };
      old = olds.next();
    } else if (old.done === true || now.value[0] < old.value[0]) {
      yield { place: now.value[0], before: undefined, after: now.value[1] };
      now = news.next();
    } else {
      if (!isSame(old.value[1], now.value[1])) yield { place: now.value[0], before: old.value[1], after: now.value[1] };
      [old, now] = [olds.next(), news.next()];
    }
  }
}
