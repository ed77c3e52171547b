import type { Bytes, KeyValue } from '@etcdts/core';
import { toKey } from '@etcdts/core/plugin';

/**
 * Where the keys of a queue are.
 *
 * Items are below the name and a slash, with clientv3's names. clientv3's queue reads all keys that begin with its name, so
 * that everything else is below `__` and the name, as the helper keys of clientv3's priority queue are:
 *
 *     jobs/1700000000000000000                 an item
 *     __jobs/held/items/<order>                an item that was handed out, and is not acknowledged
 *     __jobs/held/claims/<order>               whose it is, under the lease of the taker
 *     __jobs/marks/<random>                    what the last write of somebody did, under a lease; see marks.ts
 *
 * The order of an item is text that sorts as the items are to be taken. It has the create revision of the item, so that an item
 * keeps its place however often it is handed out.
 */
export interface Layout {
  /** The first key that may be an item, and the end of the range. */
  readonly items: { readonly from: Buffer; readonly rangeEnd: Buffer };
  /** Whether the order of the keys is the order of the items. If not, the order is that of the create revisions. */
  readonly byKey: boolean;
  /** What the keys of items, and of held items and their claims, begin with. */
  readonly prefix: Buffer;
  readonly held: Buffer;
  readonly heldItems: Buffer;
  readonly heldClaims: Buffer;
  readonly marks: Buffer;
  /** What the helper keys of a priority queue begin with. */
  readonly helpers: Buffer;
  /** The order of an item; `undefined` for a key that is no item of this queue. */
  orderOf(item: KeyValue): string | undefined;
  /** The key and the create revision of the item that has an order. */
  itemOf(order: string): { readonly key: Buffer; readonly revision: bigint };
}

/** The layout of a queue: the last part of a key is a number, clientv3's time in nanoseconds (recipes/key.go `newUniqueKV`). */
export function queueLayout(name: Bytes): Layout {
  return layout(name, false, /^()(\d+)$/, /^()([0-9a-f]{16})\/(\d+)$/);
}

/**
 * The layout of a priority queue: five digits of the priority, a slash, and sixteen digits (recipes/priority_queue.go). Go's
 * `EnqueueUint64` makes more than five.
 */
export function priorityLayout(name: Bytes): Layout {
  return layout(name, true, /^(\d{5,}\/)(\d+)$/, /^(\d{5,}\/)([0-9a-f]{16})\/(\d+)$/);
}

function layout(name: Bytes, byKey: boolean, item: RegExp, order: RegExp): Layout {
  const own = toKey(name, 'name');
  const below = (...parts: readonly (string | Buffer)[]): Buffer =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  const prefix = below(own, '/');
  const helpers = below('__', prefix);
  return {
    // Every item begins with a digit: the keys of a queue named `jobs/low` are not read for one named `jobs`.
    items: { from: below(prefix, '0'), rangeEnd: below(prefix, ':') },
    byKey,
    prefix,
    held: below(helpers, 'held/'),
    heldItems: below(helpers, 'held/items/'),
    heldClaims: below(helpers, 'held/claims/'),
    marks: below(helpers, 'marks/'),
    helpers,
    orderOf({ key, createRevision }) {
      const match = item.exec(key.toString('latin1', prefix.length));
      if (match === null) return undefined;
      return `${match[1]}${createRevision.toString(16).padStart(16, '0')}/${match[2]}`;
    },
    itemOf(text) {
      const [, group = '', revision = '', last = ''] = order.exec(text) ?? [];
      return { key: below(prefix, group, last), revision: BigInt(`0x${revision || 0}`) };
    },
  };
}
