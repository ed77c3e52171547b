import { isEtcdError } from '@etcdts/core';
import { invalidArgument } from '@etcdts/core/plugin';
import type { Lock } from './lock.ts';

/** The work under a lock. It looks at `signal` before each step, and ends when that aborts. */
export type LockedBody<T> = (signal: AbortSignal, lock: Lock) => Promise<T>;

/** Refuses what is no function. */
export function checkBody(body: unknown): void {
  if (typeof body !== 'function') throw invalidArgument('body', 'must be a function that returns a promise');
}

/** Runs a body under a lock that is held, and gives the lock back; see `Mutex.run`. */
export async function runUnder<T>(lock: Lock, body: LockedBody<T>): Promise<T> {
  let value: T;
  try {
    value = await promiseOf(body(lock.signal, lock), 'the lock');
    if (isLost(lock)) throw lock.signal.reason;
  } catch (error) {
    await unlockAfter(error, lock);
    throw error;
  }
  await lock.unlock();
  return value;
}

/** Refuses what is no promise as the result of a body. `what` is held until it settles. */
export function promiseOf<T>(result: Promise<T>, what: string): Promise<T> {
  if (typeof (result as Partial<Promise<T>> | undefined)?.then === 'function') return result;
  throw invalidArgument('body', `must return a promise that settles when its work is done: ${what} is held until then`);
}

/** A body may unlock before its end. */
function isLost({ signal }: Lock): boolean {
  return signal.aborted && !isEtcdError(signal.reason, 'CANCELLED');
}

async function unlockAfter(error: unknown, lock: Lock): Promise<void> {
  const lost = isLost(lock);
  const unlocked = lock.unlock();
  try {
    // Nobody waits for the removal of a lock that is lost: its failure is no news.
    if (lost) unlocked.catch(() => {});
    else await unlocked;
  } catch (failure) {
    const message = 'the work under a lock failed, and so did its unlock';
    throw new AggregateError([error, failure], message, { cause: error });
  }
}
