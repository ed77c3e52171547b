import type { CallOptions, Compare, ResponseHeader } from '@etcdts/core';
import { compare } from '@etcdts/core';

/**
 * A lock that is held. It proves nothing by itself: after a pause of the process, others may hold it. Guard writes in etcd with
 * `isOwner()`, other systems with `revision`, and look at `signal` before each step.
 */
export interface Lock extends AsyncDisposable {
  /** The key that holds the lock: the name, a slash, and the lease of the session in hexadecimal. */
  readonly key: Buffer;
  /** The create revision of the key. It grows with every holder of the lock: a fencing token for systems that refuse older ones. */
  readonly revision: bigint;
  /** The header of the response by which the lock was ours. */
  readonly header: ResponseHeader;
  /**
   * Aborts when the lock may be lost, and at `unlock`. It reads the clock whenever it is read, as `Session.signal` does, which it
   * follows. `LOCK_LOST` means that the key was deleted by somebody else, or cannot be watched; `CANCELLED` that it was unlocked.
   */
  readonly signal: AbortSignal;
  /** The condition, for `if` of a transaction, that this lock is still held. It can be made after `unlock` too, and then fails. */
  isOwner(): Compare;
  /**
   * Gives the lock back: deletes the key if its create revision is ours. Resolves with `false` if it was not ours any more. A lost
   * answer makes it send the request again, until `timeoutMs` (by default the deadline of the client's calls) is over. If it
   * rejects, the removal goes on in the background while the session lives. A second call returns the same promise.
   */
  unlock(options?: CallOptions): Promise<boolean>;
}

/** What a lock holds: a tenure, or a share of one. */
export interface Hold {
  readonly key: Buffer;
  readonly revision: bigint;
  readonly header: ResponseHeader;
  readonly signal: AbortSignal;
  /** Gives it up. Throws if the options are wrong, and then does nothing. */
  release(options?: CallOptions): Promise<boolean>;
}

/** `Lock` over a hold. */
export class HeldLock implements Lock {
  readonly key: Buffer;
  readonly revision: bigint;
  readonly header: ResponseHeader;
  readonly #hold: Hold;
  #unlocking: Promise<boolean> | undefined;

  constructor(hold: Hold) {
    this.key = hold.key;
    this.revision = hold.revision;
    this.header = hold.header;
    this.#hold = hold;
  }

  get signal(): AbortSignal {
    return this.#hold.signal;
  }

  isOwner(): Compare {
    return compare.createRevision(this.key, '=', this.revision);
  }

  unlock(options?: CallOptions): Promise<boolean> {
    try {
      return (this.#unlocking ??= this.#hold.release(options));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unlock();
  }
}
