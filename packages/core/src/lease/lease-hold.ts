import { onAbort } from '../abort.ts';
import { failedAt } from '../call-site.ts';
import { Inbox, Iteration, type Failure, type Pulled } from '../inbox.ts';
import type { LeaseKeepAliveResponse } from '../messages.ts';
import { notRenewed, secondKeepAliveReader } from './lease-errors.ts';
import type { KeepAlive } from './service.ts';

/** How many renewals wait for a slow reader (clientv3 `LeaseResponseChSize`). */
const BUFFERED_RENEWALS = 16;

/** The lease of a hold. It may have several holds. */
export interface HeldLease {
  readonly id: bigint;
  readonly signal: AbortSignal;
  /** The TTL in milliseconds; `undefined` before etcd has given one. */
  readonly ttlMs: number | undefined;
  /** The last renewal that was acknowledged. */
  readonly renewal: LeaseKeepAliveResponse | undefined;
  /** Releases a hold. */
  release(hold: LeaseHold): void;
}

/** One keepalive of a lease. */
export class LeaseHold implements KeepAlive, Pulled<LeaseKeepAliveResponse> {
  readonly #lease: HeldLease;
  readonly #inbox: Inbox<LeaseKeepAliveResponse> = new Inbox();
  readonly #ending: AbortSignal | undefined;
  readonly #openedAt: string | undefined;
  #ignoreAbort: (() => void) | undefined;
  #renewed: Promise<LeaseKeepAliveResponse> | undefined;
  #settleRenewed: (() => void) | undefined;
  /** The reason of the end without a renewal. */
  #reason: unknown;

  /** The hold is released once: by `cancel`, by leaving an iteration, or by `ending`. */
  constructor(lease: HeldLease, ending: AbortSignal | undefined, openedAt: string | undefined) {
    this.#lease = lease;
    this.#ending = ending;
    this.#openedAt = openedAt;
  }

  get id(): bigint {
    return this.#lease.id;
  }

  get signal(): AbortSignal {
    return this.#lease.signal;
  }

  get ttl(): number | undefined {
    const { ttlMs } = this.#lease;
    return ttlMs === undefined ? undefined : ttlMs / 1_000;
  }

  get renewed(): Promise<LeaseKeepAliveResponse> {
    if (this.#renewed === undefined) {
      this.#renewed = new Promise((resolve, reject) => {
        this.#settleRenewed = () => {
          const { renewal } = this.#lease;
          if (renewal !== undefined) resolve(renewal);
          else reject(this.#reason);
        };
      });
      // Avoids an unhandled rejection: callers who do not wait for it get the error from `signal` or the iteration.
      this.#renewed.catch(() => {});
      if (this.#lease.renewal !== undefined || this.#inbox.ended) this.#settleRenewed?.();
    }
    return this.#renewed;
  }

  /** Follows the caller's own signal. This is not part of the constructor, because it may release the hold at once. */
  follow(): void {
    if (this.#inbox.ended) return;
    if (this.#ending?.aborted) this.#onAbort();
    else if (this.#ending !== undefined) this.#ignoreAbort = onAbort(this.#ending, this.#onAbort);
  }

  /** Gives a renewal to the reader, or keeps it. If there are too many, the oldest is dropped. */
  deliver(response: LeaseKeepAliveResponse): void {
    this.#settleRenewed?.();
    this.#inbox.push(response);
    if (this.#inbox.length > BUFFERED_RENEWALS) this.#inbox.take();
  }

  /** Ends the iteration. `reason` is why no more renewals come. */
  finish(reason: unknown): void {
    this.#end(failedAt(reason, this.#openedAt));
  }

  /** Ends the iteration with an error. Unread renewals are dropped, because they are no longer true. */
  fail(reason: unknown): void {
    const error = failedAt(reason, this.#openedAt);
    this.#end(error, { reason: error });
  }

  async cancel(): Promise<void> {
    if (this.#inbox.ended) return;
    this.finish(notRenewed(this.id));
    this.#lease.release(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel();
  }

  next(): Promise<IteratorResult<LeaseKeepAliveResponse, undefined>> {
    // Ends the lease here if its deadline has passed, even before the timer.
    void this.signal.aborted;
    return this.#inbox.next();
  }

  async return(): Promise<IteratorResult<LeaseKeepAliveResponse, undefined>> {
    await this.cancel();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<LeaseKeepAliveResponse, undefined> {
    this.#inbox.claim(secondKeepAliveReader);
    return new Iteration(this);
  }

  readonly #onAbort = (): void => {
    this.fail(this.#ending?.reason);
    this.#lease.release(this);
  };

  #end(reason: unknown, failure?: Failure): void {
    if (this.#inbox.ended) return;
    this.#ignoreAbort?.();
    this.#reason = reason;
    this.#inbox.stop(failure);
    this.#settleRenewed?.();
  }
}
