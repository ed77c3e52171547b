import type { Bytes, CallOptions } from '@etcdts/core';
import { checkOptions, siteOf } from '@etcdts/core/plugin';
import { acquireAlone, acquireShared, tryAlone, tryShared } from './acquire.ts';
import type { Contest } from './contest.ts';
import { contendersOf, keyOf } from './keys.ts';
import { HeldLock, type Lock } from './lock.ts';
import { checkBody, runUnder, type LockedBody } from './run.ts';
import { checkSource, type SessionSource } from './session-source.ts';
import { beginWait, type Wait } from './wait.ts';

const WHAT = 'the lock';
const NO_VALUE = Buffer.alloc(0);

/** Options of `mutex`. */
export interface MutexOptions {
  /**
   * Whether a second lock of the same session and name shares the first one, as in clientv3, instead of waiting for it. The last
   * unlock gives the lock back. Off by default.
   */
  reentrant?: boolean | undefined;
}

/**
 * A lock by name that one session holds at a time (concurrency/mutex.go). Waiters are served in the order of their create revisions,
 * those of other clients included. Within a session a second `lock` waits for the first in this process, first come, first served.
 */
export interface Mutex {
  /**
   * Waits for the lock. `timeoutMs` is how long, by default without a limit. Rejects with the reason of `options.signal` or of the
   * session's signal, with `DEADLINE_EXCEEDED`, or with `LOCK_LOST` if the waiting key is deleted; the key is then removed in the
   * background. It waits while etcd cannot be reached, until the session is lost.
   */
  lock(options?: CallOptions): Promise<Lock>;
  /**
   * Takes the lock if nobody holds it or waits for it, in one transaction. Resolves with `undefined` otherwise. `timeoutMs` defaults
   * to the deadline of the client's calls.
   */
  tryLock(options?: CallOptions): Promise<Lock | undefined>;
  /**
   * Runs a body under the lock, in the spirit of etcd3's `lock().do()`: waits for it as `lock` does, calls `body`, and always
   * unlocks. Resolves with the value of the body. Rejects with what the body throws, or with the reason of `signal` if the lock
   * was lost though the body resolved. A body that returns no promise is refused (`INVALID_ARGUMENT`, after it ran).
   *
   * If the unlock fails, its error is thrown; if the body failed too, an `AggregateError` with both, the body's first and as `cause`.
   */
  run<T>(body: LockedBody<T>, options?: CallOptions): Promise<T>;
}

/**
 * Makes a mutex. It sends nothing before it is used. A mutex `a` also waits for those who hold or want `a/b`, because their keys
 * begin with `a/`, as in clientv3. Throws `EMPTY_KEY` for an empty name, and `INVALID_ARGUMENT` for a name that ends in a slash and a
 * lease id, for an unknown option, and for what is no session.
 */
export function mutex(session: SessionSource, name: Bytes, options: MutexOptions = {}): Mutex {
  checkSource(session);
  checkOptions<MutexOptions>(options, { reentrant: 'boolean' });
  return new NamedMutex(session, contendersOf(name), options.reentrant === true);
}

class NamedMutex implements Mutex {
  readonly #source: SessionSource;
  readonly #ahead: Buffer;
  readonly #reentrant: boolean;

  constructor(source: SessionSource, ahead: Buffer, reentrant: boolean) {
    this.#source = source;
    this.#ahead = ahead;
    this.#reentrant = reentrant;
  }

  async lock(options?: CallOptions): Promise<Lock> {
    const wait = await beginWait(this.#source, options, WHAT);
    try {
      const contest = this.#contest(wait);
      return new HeldLock(await (this.#reentrant ? acquireShared(contest, wait) : acquireAlone(contest, wait)));
    } finally {
      wait.end();
    }
  }

  async tryLock(options?: CallOptions): Promise<Lock | undefined> {
    const { requestTimeoutMs } = siteOf(this.#source.client);
    const wait = await beginWait(this.#source, options, WHAT, requestTimeoutMs);
    try {
      const contest = this.#contest(wait);
      const hold = await (this.#reentrant ? tryShared(contest, wait) : tryAlone(contest, wait));
      return hold && new HeldLock(hold);
    } finally {
      wait.end();
    }
  }

  async run<T>(body: LockedBody<T>, options?: CallOptions): Promise<T> {
    checkBody(body);
    return runUnder(await this.lock(options), body);
  }

  #contest({ state }: Wait): Contest {
    return { key: keyOf(this.#ahead, state.lease), value: NO_VALUE, ahead: this.#ahead, what: WHAT };
  }
}
