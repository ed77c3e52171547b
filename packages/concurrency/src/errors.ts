import { EtcdError, type EtcdErrorCode } from '@etcdts/core';

function outsideOfCalls(code: EtcdErrorCode, message: string, cause?: unknown): EtcdError {
  return new EtcdError({ code, message, outcome: 'not-applied', cause });
}

/** A session was ended by its owner. `cause` is the reason of the signal that did it. */
export function sessionEnded(why: string, cause?: unknown): EtcdError {
  return outsideOfCalls('SESSION_ENDED', `the session has ended: ${why}`, cause);
}

/** A key of a contender is gone, or may be, though its session lives. */
export function lockLost(what: string, why: string, cause?: unknown): EtcdError {
  return outsideOfCalls('LOCK_LOST', `${what} is lost: ${why}`, cause);
}

/** The reason of the signal of what its owner gave back. */
export function givenBack(what: string): EtcdError {
  return outsideOfCalls('CANCELLED', `${what} was given back by its owner`);
}

/** A contender waited as long as it may. Its key is being removed, and may be there for a moment. */
export function waitedTooLong(what: string, timeoutMs: number): EtcdError {
  const message = `${what} was not acquired within ${timeoutMs} ms`;
  return new EtcdError({ code: 'DEADLINE_EXCEEDED', message, outcome: 'unknown' });
}
