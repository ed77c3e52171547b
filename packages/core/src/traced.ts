import { shared } from './copies.ts';
import { isEtcdError, withFields, type EtcdError } from './errors.ts';

const known: WeakSet<EtcdError> = shared('traced', () => new WeakSet());

/**
 * Gives the error of a failed call the stack of the application's call. Its own stack would show where the answer arrived, which
 * is the same for all calls. A call that succeeds costs nothing more. If one error fails several calls, as a refused password
 * does, each call gets a copy.
 */
export async function traced<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (reason) {
    if (!isEtcdError(reason)) throw reason;
    const error = ownError(reason);
    // In an async function, the captured stack includes the functions that wait for it, up to the application's own.
    Error.captureStackTrace(error, traced);
    throw error;
  }
}

/** The error itself for the first that it fails, a copy for each further one: each has a stack of its own. */
export function ownError(reason: EtcdError): EtcdError {
  const error = known.has(reason) ? withFields(reason, {}) : reason;
  known.add(error);
  return error;
}
