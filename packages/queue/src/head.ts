import { compare, keyMissing, op, type CallOptions, type Compare, type EtcdOperations } from '@etcdts/core';
import type { GetResponse, KeyValue } from '@etcdts/core';
import type { Layout } from './layout.ts';

/** An item that can be taken. */
export interface FreeItem {
  /** Sorts as the items are to be taken. */
  readonly order: string;
  /** Where the item is now: its own key, or the key of a held item. */
  readonly at: KeyValue;
  /** Whether it was handed out before, and came back. */
  readonly held: boolean;
}

/** The conditions under which an item can be taken: it is as it was read, and nobody has it. */
export function isFree({ at, held, order }: FreeItem, { heldClaims }: Layout): readonly Compare[] {
  const unchanged = compare.modRevision(at.key, '=', at.modRevision);
  return held ? [unchanged, keyMissing(Buffer.concat([heldClaims, Buffer.from(order)]))] : [unchanged];
}

/** The oldest items that can be taken, at most `FEW`, and the revision at which they were read. */
export interface Head {
  readonly free: readonly FreeItem[];
  readonly revision: bigint;
}

/** The number of items that one read returns. If others take the first of them, the next one is claimed without another read. */
export const FEW = 5;
/** The number of keys of held items, and of claims, that one read returns in the search for held items without a claim. */
const PAGE = 256;

/**
 * Reads the items that are to be taken next: the first of those that nobody was given, and of those that came back.
 *
 * One request, whatever the number of held items, if none came back: it counts the held items and their claims. Items that came
 * back are searched in pages of 256 keys until the first few are found.
 */
export async function readHead(client: EtcdOperations, layout: Layout, options: CallOptions): Promise<Head> {
  const found: FreeItem[] = [];
  const range = { rangeEnd: layout.items.rangeEnd, limit: FEW };
  let first = layout.byKey
    ? op.get(layout.items.from, range)
    : op.get(layout.items.from, { ...range, sort: { by: 'createRevision', order: 'ascend' } });
  for (;;) {
    const { header, responses } = await client.kv.txn(
      {
        then: [
          first,
          op.get(layout.heldItems, { prefix: true, countOnly: true }),
          op.get(layout.heldClaims, { prefix: true, countOnly: true }),
        ],
      },
      options,
    );
    const [items, held, claims] = responses as unknown as readonly [GetResponse, GetResponse, GetResponse];
    for (const at of items.kvs) {
      const order = layout.orderOf(at);
      if (order !== undefined) found.push({ order, at, held: false });
    }
    const last = items.kvs.at(-1);
    if (found.length === 0 && items.more && last !== undefined) {
      // Keys of others, such as of a queue below this one.
      first = layout.byKey
        ? op.get(after(last.key), range)
        : op.get(layout.items.from, {
            ...range,
            minCreateRevision: last.createRevision + 1n,
            sort: { by: 'createRevision', order: 'ascend' },
          });
      continue;
    }
    const returned = Math.min(held.count - claims.count, FEW);
    if (returned > 0) found.push(...(await readReturned(client, layout, returned, options)));
    found.sort((a, b) => (a.order < b.order ? -1 : 1));
    return { free: found.slice(0, FEW), revision: header.revision };
  }
}

/** Reads the first held items that nobody claims, at most so many. */
async function readReturned(
  client: EtcdOperations,
  layout: Layout,
  most: number,
  options: CallOptions,
): Promise<FreeItem[]> {
  const { heldItems, heldClaims } = layout;
  const unclaimed: string[] = [];
  let from: Buffer = Buffer.alloc(0);
  for (let more = true; more && unclaimed.length < most;) {
    const page = (below: Buffer): ReturnType<typeof op.get> =>
      op.get(Buffer.concat([below, from]), { rangeEnd: end(below), limit: PAGE, keysOnly: true });
    const { responses } = await client.kv.txn({ then: [page(heldItems), page(heldClaims)] }, options);
    const [items, claims] = responses as unknown as readonly [GetResponse, GetResponse];
    // The claims of the items on this page are on theirs, because each claim has an item.
    const claimed = new Set(claims.kvs.map(({ key }) => key.toString('latin1', heldClaims.length)));
    for (const { key } of items.kvs) {
      const order = key.toString('latin1', heldItems.length);
      if (!claimed.has(order)) unclaimed.push(order);
      from = after(key.subarray(heldItems.length));
    }
    more = items.more;
  }
  const few = unclaimed.slice(0, most);
  if (few.length === 0) return [];
  const keys = few.map((order) => op.get(Buffer.concat([heldItems, Buffer.from(order)])));
  const { responses } = await client.kv.txn({ then: keys }, options);
  return few.flatMap((order, index) => {
    const at = (responses[index] as GetResponse).kvs[0];
    return at === undefined ? [] : [{ order, at, held: true }];
  });
}

function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.alloc(1)]);
}

/** The end of the keys that begin with a prefix, which ends with a slash. */
function end(prefix: Buffer): Buffer {
  return Buffer.concat([prefix.subarray(0, -1), Buffer.from('0')]);
}
