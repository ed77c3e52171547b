import { EtcdError, withFields } from './errors.ts';

const known: WeakSet<EtcdError> = new WeakSet();

/**
 * The same call; an EtcdError that it fails with tells where the application made it. By itself it would tell where the
 * answer arrived, which is the same for all. It costs nothing while calls go well. One error that fails several calls, as
 * a refused password does, is copied, so that each has its own.
 */
export async function traced<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (reason) {
    if (!(reason instanceof EtcdError)) throw reason;
    const error = known.has(reason) ? withFields(reason, {}) : reason;
    known.add(error);
    // In an async function this finds the functions that wait for it, down to the application's own.
    Error.captureStackTrace(error, traced);
    throw error;
  }
}
