import { onAbort } from '../abort.ts';
import { Inbox, Iteration, type Failure, type Pulled } from '../inbox.ts';
import type { LeaseKeepAliveResponse } from '../messages.ts';
import { secondKeepAliveReader } from './lease-errors.ts';
import type { KeepAlive } from './service.ts';

/** Renewals that wait for a slow reader; clientv3's `LeaseResponseChSize`. */
const BUFFERED_RENEWALS = 16;

/** One caller's hold on a lease that is kept alive, perhaps for several callers. */
export class LeaseHold implements KeepAlive, Pulled<LeaseKeepAliveResponse> {
  readonly id: bigint;
  readonly signal: AbortSignal;
  readonly #inbox: Inbox<LeaseKeepAliveResponse> = new Inbox();
  readonly #release: (hold: LeaseHold) => void;
  readonly #ending: AbortSignal | undefined;
  #ignoreAbort: (() => void) | undefined;

  /** `release` is called once, when the caller lets go: by `cancel`, by leaving an iteration, or through `ending`. */
  constructor(id: bigint, signal: AbortSignal, ending: AbortSignal | undefined, release: (hold: LeaseHold) => void) {
    this.id = id;
    this.signal = signal;
    this.#release = release;
    this.#ending = ending;
  }

  /** Follows the caller's own signal; apart from the constructor, because it may let go at once. */
  follow(): void {
    if (this.#inbox.ended) return;
    if (this.#ending?.aborted) this.#onAbort();
    else if (this.#ending !== undefined) this.#ignoreAbort = onAbort(this.#ending, this.#onAbort);
  }

  /** Hands a renewal to the reader, or keeps it; the oldest goes where there are too many. */
  deliver(response: LeaseKeepAliveResponse): void {
    this.#inbox.push(response);
    if (this.#inbox.length > BUFFERED_RENEWALS) this.#inbox.take();
  }

  /** Ends the iteration: nothing more comes. */
  finish(): void {
    this.#settle();
  }

  /** Ends the iteration with an error. Renewals not yet read are dropped: they say what is no longer true. */
  fail(error: unknown): void {
    this.#settle({ reason: error });
  }

  cancel(): Promise<void> {
    if (!this.#inbox.ended) {
      this.finish();
      this.#release(this);
    }
    return Promise.resolve();
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
    this.#release(this);
  };

  #settle(failure?: Failure): void {
    if (this.#inbox.ended) return;
    this.#ignoreAbort?.();
    this.#inbox.stop(failure);
  }
}
