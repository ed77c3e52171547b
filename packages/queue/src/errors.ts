import { EtcdError, isEtcdError, remedyOf, type EtcdErrorCode, type Outcome } from '@etcdts/core';

function outsideOfCalls(code: EtcdErrorCode, message: string, cause?: unknown): EtcdError {
  return new EtcdError({ code, message, outcome: 'not-applied', cause });
}

/** No item came in time. */
export function waitedTooLong(timeoutMs: number): EtcdError {
  return outsideOfCalls('DEADLINE_EXCEEDED', `no item came within ${timeoutMs} ms`);
}

/** What a closed receiver refuses with. */
export function receiverClosed(): EtcdError {
  return outsideOfCalls('SESSION_ENDED', 'the receiver is closed, and has given back its items');
}

/** The reason of the signal of a delivery that its owner has ended. */
export function deliveryEnded(how: string): EtcdError {
  return outsideOfCalls('CANCELLED', `the item was ${how}`);
}

/** A delivery is not this receiver's any more. */
export function deliveryLost(why: string, cause?: unknown, outcome: Outcome = 'not-applied'): EtcdError {
  return new EtcdError({ code: 'LOCK_LOST', message: `the item cannot be acknowledged: ${why}`, outcome, cause });
}

/** Whether a further try may be answered. A refused token was renewed by an interceptor, if there is one. */
export function isPassing(error: unknown): error is EtcdError {
  if (!isEtcdError(error)) return false;
  const remedy = remedyOf(error);
  return remedy !== 'none' && remedy !== 'token';
}

/** The mark of a write is gone, with its lease. */
export function markGone(outcome: Outcome): EtcdError {
  return new EtcdError({ code: 'LEASE_NOT_FOUND', message: 'the lease that kept the outcome is gone', outcome });
}

/** The lease of a receiver is gone, and its items were given back. */
export function leaseEnded(): EtcdError {
  return outsideOfCalls('LEASE_NOT_FOUND', 'the lease of the receiver is gone: it expired or was revoked');
}
