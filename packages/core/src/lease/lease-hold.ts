import { onAbort } from '../abort.ts';
import { failedAt } from '../call-site.ts';
import { Inbox, Iteration, type Failure, type Pulled } from '../inbox.ts';
import type { LeaseKeepAliveResponse } from '../messages.ts';
import { notRenewed, secondKeepAliveReader } from './lease-errors.ts';
import type { KeepAlive } from './service.ts';

/** Renewals that wait for a slow reader; clientv3's `LeaseResponseChSize`. */
const BUFFERED_RENEWALS = 16;

/** The lease that is held, perhaps by several callers. */
export interface HeldLease {
  readonly id: bigint;
  readonly signal: AbortSignal;
  /** Time to live in milliseconds; `undefined` before etcd has given one. */
  readonly ttlMs: number | undefined;
  /** The last renewal that was acknowledged. */
  readonly renewal: LeaseKeepAliveResponse | undefined;
  /** The holder lets go. */
  release(hold: LeaseHold): void;
}

/** One caller's hold on a lease that is kept alive. */
export class LeaseHold implements KeepAlive, Pulled<LeaseKeepAliveResponse> {
  readonly #lease: HeldLease;
  readonly #inbox: Inbox<LeaseKeepAliveResponse> = new Inbox();
  readonly #ending: AbortSignal | undefined;
  readonly #openedAt: string | undefined;
  #ignoreAbort: (() => void) | undefined;
  #renewed: Promise<LeaseKeepAliveResponse> | undefined;
  #settleRenewed: (() => void) | undefined;
  /** Why there is no renewal, once it has ended. */
  #reason: unknown;

  /** Lets go once: by `cancel`, by leaving an iteration, or through `ending`. */
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

  /** Follows the caller's own signal; apart from the constructor, because it may let go at once. */
  follow(): void {
    if (this.#inbox.ended) return;
    if (this.#ending?.aborted) this.#onAbort();
    else if (this.#ending !== undefined) this.#ignoreAbort = onAbort(this.#ending, this.#onAbort);
  }

  /** Hands a renewal to the reader, or keeps it; the oldest goes if there are too many. */
  deliver(response: LeaseKeepAliveResponse): void {
    this.#settleRenewed?.();
    this.#inbox.push(response);
    if (this.#inbox.length > BUFFERED_RENEWALS) this.#inbox.take();
  }

  /** Ends the iteration; `reason` says why no renewal comes any more. */
  finish(reason: unknown): void {
    this.#end(failedAt(reason, this.#openedAt));
  }

  /** Ends the iteration with an error. Renewals not yet read are dropped: they say what is no longer true. */
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
