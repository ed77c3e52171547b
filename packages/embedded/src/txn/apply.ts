// Applies the operations of KV to the store (server/etcdserver/txn). All checks come first; after them nothing can fail.
import type * as m from '../messages.ts';
import { verdict } from '../status.ts';
import { toKey, toRange } from '../store/range.ts';
import type { Store } from '../store/store.ts';
import { holds } from './compare.ts';
import { range } from './range.ts';

/** The part of the lessor that puts use. */
export interface KnownLeases {
  has(id: bigint): boolean;
}

/** Puts a key in a transaction of its own. */
export function put(store: Store, leases: KnownLeases, request: m.PutRequest): m.PutResponse {
  checkPut(store, leases, request);
  return store.write(() => writePut(store, request));
}

/** Deletes a range in a transaction of its own. */
export function deleteRange(store: Store, request: m.DeleteRangeRequest): m.DeleteRangeResponse {
  return store.write(() => writeDelete(store, request));
}

/** A transaction after its compares: the operations of the chosen branch, and the paths of the nested transactions. */
interface Path {
  readonly succeeded: boolean;
  readonly operations: readonly m.RequestOp[];
  readonly nested: ReadonlyMap<m.RequestOp, Path>;
}

/** Runs a transaction. Every compare sees the store as it was before the transaction. */
export function txn(store: Store, leases: KnownLeases, request: m.TxnRequest): m.TxnResponse {
  const path = decide(store, request);
  check(store, leases, path);
  const { succeeded, responses, revision } = store.write(() => ({ ...run(store, path), revision: store.revision }));
  return { header: { revision }, succeeded, responses };
}

function decide(store: Store, { compare, success, failure }: m.TxnRequest): Path {
  const succeeded = compare.every((condition) => holds(store, condition));
  const operations = succeeded ? success : failure;
  const nested = new Map<m.RequestOp, Path>();
  for (const operation of operations) {
    if (operation.requestTxn) nested.set(operation, decide(store, operation.requestTxn));
  }
  return { succeeded, operations, nested };
}

function check(store: Store, leases: KnownLeases, { operations, nested }: Path): void {
  for (const operation of operations) {
    const { requestRange, requestPut } = operation;
    const path = nested.get(operation);
    if (requestRange) checkRevision(store, requestRange.revision);
    else if (requestPut) checkPut(store, leases, requestPut);
    else if (path) check(store, leases, path);
  }
}

function run(store: Store, { succeeded, operations, nested }: Path): m.TxnResponse {
  const responses = operations.map((operation): m.ResponseOp => {
    const { requestRange, requestPut, requestDeleteRange } = operation;
    if (requestRange) return { responseRange: range(store, requestRange) };
    if (requestPut) return { responsePut: writePut(store, requestPut) };
    if (requestDeleteRange) return { responseDeleteRange: writeDelete(store, requestDeleteRange) };
    return { responseTxn: { header: {}, ...run(store, nested.get(operation) as Path) } };
  });
  return { succeeded, responses };
}

function checkRevision(store: Store, revision: bigint): void {
  if (revision === 0n) return;
  if (revision > store.revision) throw verdict('FUTURE_REV');
  if (revision < store.compactRevision) throw verdict('COMPACTED');
}

function checkPut(store: Store, leases: KnownLeases, { key, lease, ignoreValue, ignoreLease }: m.PutRequest): void {
  if (lease !== 0n && !leases.has(lease)) throw verdict('LEASE_NOT_FOUND');
  if ((ignoreValue || ignoreLease) && store.get(toKey(key)) === undefined) throw verdict('KEY_NOT_FOUND');
}

function writePut(store: Store, request: m.PutRequest): m.PutResponse {
  const key = toKey(request.key);
  const before = store.get(key);
  const value = request.ignoreValue && before ? before.value : request.value;
  const lease = request.ignoreLease && before ? before.lease : request.lease;
  store.put(key, value, lease);
  return { header: { revision: store.revision }, prevKv: request.prevKv ? before : undefined };
}

function writeDelete(store: Store, { key, rangeEnd, prevKv }: m.DeleteRangeRequest): m.DeleteRangeResponse {
  const keys = toRange(key, rangeEnd);
  const prevKvs = prevKv ? store.range(keys).kvs : [];
  const deleted = store.deleteRange(keys);
  return { header: { revision: store.revision }, deleted, prevKvs };
}
