import type { KeyValue, RangeRequest, RangeResponse } from '../messages.ts';
import { toRange } from '../store/range.ts';
import type { Store } from '../store/store.ts';
import { isKeyOrder } from './check.ts';

const NONE = 0;
const ASCEND = 1;
const DESCEND = 2;
const KEY = 0;
const VALUE = 4;
const NO_VALUE = Buffer.alloc(0);

const byTarget: readonly ((a: KeyValue, b: KeyValue) => number)[] = [
  (a, b) => Buffer.compare(a.key, b.key),
  (a, b) => a.version - b.version,
  (a, b) => a.createRevision - b.createRevision,
  (a, b) => a.modRevision - b.modRevision,
  (a, b) => Buffer.compare(a.value, b.value),
];

/** Answers a range (server/etcdserver/txn/range.go): it reads, filters, sorts, then cuts. */
export function range(store: Store, request: RangeRequest): RangeResponse {
  const { sortTarget, sortOrder, keysOnly } = request;
  const limit = request.limit > 0n ? Number(request.limit) : 0;
  const cutEarly = isKeyOrder(sortTarget, sortOrder) && !hasFilters(request);
  const readLimit = cutEarly && limit > 0 ? limit + 1 : 0;
  const keys = toRange(request.key, request.rangeEnd);
  const { kvs, count } = store.range(keys, request.revision, readLimit, request.countOnly);
  const filtered = hasFilters(request) ? kvs.filter((kv) => passes(kv, request)) : kvs;
  // For a target other than the key, etcd reads no order as ascending, even if the range was cut already.
  const order = sortTarget !== KEY && sortOrder === NONE ? ASCEND : sortOrder;
  const sorted = isKeyOrder(sortTarget, order) ? filtered : sort(filtered, sortTarget, order === DESCEND);
  const more = limit > 0 && sorted.length > limit;
  const cut = more ? sorted.slice(0, limit) : sorted;
  return {
    header: { revision: store.revision },
    kvs: keysOnly ? cut.map((kv) => withoutValue(kv, sortTarget)) : cut,
    more,
    count,
  };
}

function hasFilters({ minModRevision, maxModRevision, minCreateRevision, maxCreateRevision }: RangeRequest): boolean {
  return minModRevision !== 0n || maxModRevision !== 0n || minCreateRevision !== 0n || maxCreateRevision !== 0n;
}

function passes({ modRevision, createRevision }: KeyValue, request: RangeRequest): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return (
    (maxModRevision === 0n || modRevision <= maxModRevision) &&
    (minModRevision === 0n || modRevision >= minModRevision) &&
    (maxCreateRevision === 0n || createRevision <= maxCreateRevision) &&
    (minCreateRevision === 0n || createRevision >= minCreateRevision)
  );
}

function sort(kvs: readonly KeyValue[], target: number, descending: boolean): KeyValue[] {
  const compare = byTarget[target] as (a: KeyValue, b: KeyValue) => number;
  return kvs.toSorted(descending ? (a, b) => compare(b, a) : compare);
}

/** Removes the value. etcd 3.7 reads `keysOnly` from its index, which has no leases, unless it must sort by value. */
function withoutValue(kv: KeyValue, sortTarget: number): KeyValue {
  return { ...kv, value: NO_VALUE, lease: sortTarget === VALUE ? kv.lease : 0n };
}

/** The number of keys in the first part of a streamed range. Its size decides the number in the next part. */
const FIRST_PART = 10n;

/** Answers a streamed range in parts, all of them at the revision of the first (EtcdServer.rangeStream). */
export function* rangeParts(
  store: Store,
  request: RangeRequest,
  sizeOf: (part: RangeResponse) => number,
  targetBytes: number,
): Iterable<RangeResponse> {
  if (request.countOnly) {
    const { header, count } = range(store, request);
    yield { header: header as object, count: count as number };
    return;
  }
  const total = request.limit === 0n ? 2n ** 63n - 1n : request.limit;
  let { key, revision } = request;
  let limit = total < FIRST_PART ? total : FIRST_PART;
  let headerRevision = 0;
  for (let sent = 0n; ;) {
    const part = range(store, { ...request, key, revision, limit });
    const kvs = part.kvs as KeyValue[];
    headerRevision ||= Number(part.header?.revision);
    if (revision === 0n) revision = BigInt(headerRevision);
    sent += BigInt(kvs.length);
    const last = kvs.at(-1);
    if (last !== undefined) key = Buffer.concat([last.key, Buffer.alloc(1)]);
    if (!part.more || sent === total) {
      const rest = part.more ? store.range(toRange(key, request.rangeEnd), revision, 0, true).count : 0;
      yield { kvs, header: { revision: headerRevision }, more: part.more === true, count: Number(sent) + rest };
      return;
    }
    yield { kvs };
    const size = sizeOf(part);
    if (size < targetBytes / 2) limit *= 2n;
    else if (size > targetBytes * 2) limit = limit > 1n ? limit / 2n : 1n;
    if (limit > total - sent) limit = total - sent;
  }
}
