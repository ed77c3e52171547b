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
  /** Ends the lease if its deadline has passed. */
  expire(): boolean;
  /** Releases a hold. */
  release(hold: LeaseHold): void;
}

/** One keepalive of a lease. Ten thousand of them have few fields, and make the rest when it is needed. */
export class LeaseHold implements KeepAlive, Pulled<LeaseKeepAliveResponse> {
  readonly #lease: HeldLease;
  readonly #openedAt: string | undefined;
  /** The renewals for the reader; `undefined` before an iteration begins. */
  #inbox: Inbox<LeaseKeepAliveResponse> | undefined;
  /** The newest renewal, while there is no reader. It is the first that a reader gets. */
  #newest: LeaseKeepAliveResponse | undefined;
  #ignoreAbort: (() => void) | undefined;
  #renewed: Promise<LeaseKeepAliveResponse> | undefined;
  #settleRenewed: (() => void) | undefined;
  #ended = false;
  /** The failure that a reader gets who comes after the end. */
  #failure: Failure | undefined;
  /** The reason of the end without a renewal. */
  #reason: unknown;

  /** The hold is released once: by `cancel`, by leaving an iteration, or by the signal of `follow`. */
  constructor(lease: HeldLease, openedAt: string | undefined) {
    this.#lease = lease;
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
      if (this.#lease.renewal !== undefined || this.#ended) this.#settle();
    }
    return this.#renewed;
  }

  /** Follows the caller's own signal, which may release the hold at once. */
  follow(ending: AbortSignal): void {
    if (this.#ended) return;
    const onEnding = (): void => {
      this.fail(ending.reason);
      this.#lease.release(this);
    };
    if (ending.aborted) onEnding();
    else this.#ignoreAbort = onAbort(ending, onEnding);
  }

  /** Gives a renewal to the reader, or keeps it. If there are too many, the oldest is dropped. */
  deliver(response: LeaseKeepAliveResponse): void {
    this.#settle();
    const inbox = this.#inbox;
    if (inbox === undefined) {
      this.#newest = response;
      return;
    }
    inbox.push(response);
    if (inbox.length > BUFFERED_RENEWALS) inbox.take();
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
    if (this.#ended) return;
    this.finish(notRenewed(this.id));
    this.#lease.release(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel();
  }

  next(): Promise<IteratorResult<LeaseKeepAliveResponse, undefined>> {
    // Ends the lease here if its deadline has passed, even before the timer.
    this.#lease.expire();
    return this.#reading().next();
  }

  async return(): Promise<IteratorResult<LeaseKeepAliveResponse, undefined>> {
    await this.cancel();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<LeaseKeepAliveResponse, undefined> {
    this.#reading().claim(secondKeepAliveReader);
    return new Iteration(this);
  }

  /** The inbox of the reader, who has come by now. */
  #reading(): Inbox<LeaseKeepAliveResponse> {
    if (this.#inbox !== undefined) return this.#inbox;
    const inbox = (this.#inbox = new Inbox());
    if (this.#newest !== undefined) inbox.push(this.#newest);
    this.#newest = undefined;
    if (this.#ended) inbox.stop(this.#failure);
    this.#failure = undefined;
    return inbox;
  }

  #settle(): void {
    this.#settleRenewed?.();
    this.#settleRenewed = undefined;
  }

  #end(reason: unknown, failure?: Failure): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ignoreAbort?.();
    this.#ignoreAbort = undefined;
    this.#reason = reason;
    this.#newest = undefined;
    if (this.#inbox === undefined) this.#failure = failure;
    else this.#inbox.stop(failure);
    this.#settle();
  }
}
