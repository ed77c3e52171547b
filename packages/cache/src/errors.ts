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

/** Thrown where events cannot be true of a copy, which shows that the copy is wrong. */
export class Untrue extends Error {}

/** A copy without a first base has nothing to read. */
export function notReady(): EtcdError {
  return refusal('CACHE_NOT_READY', 'the copy has not been read whole yet: await whenReady() first');
}

/** The copy was closed by its owner, or with its client. */
export function closed(): EtcdError {
  return refusal('CLIENT_CLOSED', 'the copy is closed');
}

/** What was waited for did not happen in time. */
export function waitedTooLong(timeoutMs: number): EtcdError {
  return refusal('DEADLINE_EXCEEDED', `the copy was not there within ${timeoutMs} ms`);
}

/** A revision that the history of a copy does not have any more. `from` is the first one that it has. */
export function compacted(from: bigint): EtcdError {
  const message = `the copy has no history before revision ${from}`;
  return new EtcdError({ code: 'COMPACTED', message, outcome: 'not-applied', compactRevision: from });
}

/** A revision that the copy has not reached. */
export function future(revision: bigint): EtcdError {
  return refusal('FUTURE_REV', `revision ${revision} is still to come to the copy`);
}

/** A watch of a copy did not have its first revision in time. */
export function notRegistered(timeoutMs: number): EtcdError {
  return refusal('DEADLINE_EXCEEDED', `the watch was not registered within ${timeoutMs} ms`);
}
