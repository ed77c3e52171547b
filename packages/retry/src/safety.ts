import type { Op } from '@etcdts/core';
import { isCall, methods, type Call, type TxnRequest } from '@etcdts/core/plugin';
import { drawOf } from './lease.ts';

/** Whether a call has no effect on etcd: reads, and transactions that only get. */
export function isRead(call: Call): boolean {
  return call.method.safety === 'read' || (isCall(call, methods.txn) && onlyGets(call.request));
}

/** Whether a call may be sent again whatever became of the try before. Core's method table says so, but for two methods. */
export function mayAlwaysRepeat(call: Call): boolean {
  if (isCall(call, methods.txn)) return onlyGets(call.request);
  // Repeated under other ids, each settled first.
  return call.method.repeat === 'always' || drawOf(call) !== undefined;
}

function onlyGets({ success, failure }: TxnRequest): boolean {
  const gets = (op: Op): boolean => op.type === 'get' || (op.type === 'txn' && onlyGets(op.request));
  return success.every(gets) && failure.every(gets);
}
