import { EtcdError, isEtcdError, remedyOf, type EtcdErrorCode } from '@etcdts/core';

function refusal(code: EtcdErrorCode, message: string): EtcdError {
  return new EtcdError({ code, message, outcome: 'not-applied' });
}

/** A second reader is refused: it would take changes from the first one. */
export function secondReader(what: string, remedy: string): EtcdError {
  return refusal('FAILED_PRECONDITION', `${what} is read once, and this one has its reader: ${remedy}`);
}

/** What was requested is cancelled by its owner. */
export function cancelled(what: string): EtcdError {
  return refusal('CANCELLED', `${what} was cancelled`);
}

/** The base was not complete in time. */
export function notSynced(timeoutMs: number): EtcdError {
  return refusal('DEADLINE_EXCEEDED', `the range was not read whole within ${timeoutMs} ms`);
}

/** The store is not the one that was read. */
export function clusterReset(why: string): EtcdError {
  return refusal('CLUSTER_RESET', `the store is not the one that was followed: ${why}`);
}

/** Whether a further try may be answered. A refused token was renewed by an interceptor, if there is one. */
export function isPassing(error: unknown): error is EtcdError {
  if (!isEtcdError(error)) return false;
  const remedy = remedyOf(error);
  return remedy !== 'none' && remedy !== 'token';
}
