// The checks that etcd makes before it reads the store (server/etcdserver/api/v3rpc/key.go), in its order.
import type { DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from '../messages.ts';
import { status, verdict } from '../status.ts';

const SORT_ORDERS = 3;
const SORT_TARGETS = 5;

/** Refuses a range without a key, or with an unknown sort. */
export function checkRange({ key, sortOrder, sortTarget }: RangeRequest): void {
  if (key.length === 0) throw verdict('EMPTY_KEY');
  if (!(sortOrder >= 0 && sortOrder < SORT_ORDERS && sortTarget >= 0 && sortTarget < SORT_TARGETS))
    throw verdict('INVALID_SORT_OPTION');
}

/** Refuses options that a streamed range does not support. */
export function checkRangeStream(request: RangeRequest): void {
  checkRange(request);
  const { sortOrder, sortTarget, minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  if (!isKeyOrder(sortTarget, sortOrder))
    throw status('UNIMPLEMENTED', 'RangeStream does not support custom sort orders');
  if (minModRevision || maxModRevision || minCreateRevision || maxCreateRevision)
    throw status('UNIMPLEMENTED', 'RangeStream does not support revision filters');
}

/** Whether a sort is the order in which the store reads. */
export function isKeyOrder(sortTarget: number, sortOrder: number): boolean {
  return sortOrder === 0 || (sortTarget === 0 && sortOrder === 1);
}

/** Refuses a put without a key, or with a value or lease that it also ignores. */
export function checkPut({ key, value, lease, ignoreValue, ignoreLease }: PutRequest): void {
  if (key.length === 0) throw verdict('EMPTY_KEY');
  if (ignoreValue && value.length > 0) throw verdict('VALUE_PROVIDED');
  if (ignoreLease && lease !== 0n) throw verdict('LEASE_PROVIDED');
}

/** Refuses a delete without a key. */
export function checkDelete({ key }: DeleteRangeRequest): void {
  if (key.length === 0) throw verdict('EMPTY_KEY');
}

/** Refuses a transaction that is too long or has a refused operation. Nested transactions share the limit. */
export function checkTxn({ compare, success, failure }: TxnRequest, maxOps: number): void {
  const length = Math.max(compare.length, success.length, failure.length);
  if (length > maxOps) throw verdict('TOO_MANY_OPS');
  if (compare.some(({ key }) => key.length === 0)) throw verdict('EMPTY_KEY');
  for (const operation of [...success, ...failure]) checkOperation(operation, maxOps - length);
}

function checkOperation(operation: RequestOp, maxOps: number): void {
  const { requestRange, requestPut, requestDeleteRange, requestTxn } = operation;
  if (requestRange) checkRange(requestRange);
  else if (requestPut) checkPut(requestPut);
  else if (requestDeleteRange) checkDelete(requestDeleteRange);
  else if (requestTxn) checkTxn(requestTxn, maxOps);
  else throw verdict('KEY_NOT_FOUND');
}
