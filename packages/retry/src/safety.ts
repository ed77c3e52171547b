import type { Op } from '@etcdts/core';
import { isCall, methods, type Call, type TxnRequest } from '@etcdts/core/plugin';
import { drawOf } from './lease.ts';

/** Whether a call has no effect on etcd: reads, and transactions that only get. */
export function isRead(call: Call): boolean {
  return call.method.safety === 'read' || (isCall(call, methods.txn) && onlyGets(call.request));
}

/** Whether a call may be sent again after any outcome of a try, by core's method table. Transactions and grants differ from it. */
export function mayAlwaysRepeat(call: Call): boolean {
  if (isCall(call, methods.txn)) return onlyGets(call.request);
  // Grants are repeated with other ids, after each earlier one is settled.
  return call.method.repeat === 'always' || drawOf(call) !== undefined;
}

function onlyGets({ success, failure }: TxnRequest): boolean {
  const gets = (op: Op): boolean => op.type === 'get' || (op.type === 'txn' && onlyGets(op.request));
  return success.every(gets) && failure.every(gets);
}
