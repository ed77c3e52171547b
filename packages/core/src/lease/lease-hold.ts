import { onAbort } from '../abort.ts';
import type { LeaseKeepAliveResponse } from '../messages.ts';
import type { KeepAlive } from './service.ts';

/** Renewals that wait for a slow reader; clientv3's `LeaseResponseChSize`. */
const BUFFERED_RENEWALS = 16;

interface Reader {
  resolve(result: IteratorResult<LeaseKeepAliveResponse, undefined>): void;
  reject(reason: unknown): void;
}

const DONE: IteratorResult<LeaseKeepAliveResponse, undefined> = { done: true, value: undefined };

/** One caller's hold on a lease that is kept alive, perhaps for several callers. */
export class LeaseHold implements KeepAlive {
  readonly id: bigint;
  readonly signal: AbortSignal;
  readonly #renewals: LeaseKeepAliveResponse[] = [];
  readonly #readers: Reader[] = [];
  readonly #release: (hold: LeaseHold) => void;
  readonly #ending: AbortSignal | undefined;
  #ignoreAbort: (() => void) | undefined;
  #end: { readonly error?: unknown; readonly failed: boolean } | undefined;

  /** `release` is called once, when the caller lets go: by `cancel`, by leaving an iteration, or through `ending`. */
  constructor(id: bigint, signal: AbortSignal, ending: AbortSignal | undefined, release: (hold: LeaseHold) => void) {
    this.id = id;
    this.signal = signal;
    this.#release = release;
    this.#ending = ending;
  }

  /** Follows the caller's own signal; apart from the constructor, because it may let go at once. */
  follow(): void {
    if (this.#end !== undefined) return;
    if (this.#ending?.aborted) this.#onAbort();
    else if (this.#ending !== undefined) this.#ignoreAbort = onAbort(this.#ending, this.#onAbort);
  }

  /** Hands a renewal to the reader, or keeps it; the oldest goes where there are too many. */
  deliver(response: LeaseKeepAliveResponse): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) reader.resolve({ done: false, value: response });
    else if (this.#renewals.push(response) > BUFFERED_RENEWALS) this.#renewals.shift();
  }

  /** Ends the iteration: nothing more comes. */
  finish(): void {
    this.#settle({ failed: false });
  }

  /** Ends the iteration with an error. Renewals not yet read are dropped: they say what is no longer true. */
  fail(error: unknown): void {
    this.#settle({ failed: true, error });
  }

  cancel(): Promise<void> {
    if (this.#end === undefined) {
      this.finish();
      this.#release(this);
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel();
  }

  [Symbol.asyncIterator](): AsyncIterator<LeaseKeepAliveResponse, undefined> {
    return {
      next: () => this.#next(),
      return: async () => {
        await this.cancel();
        return DONE;
      },
    };
  }

  #next(): Promise<IteratorResult<LeaseKeepAliveResponse, undefined>> {
    // Whoever asks for the next renewal learns of a passed deadline here, even before the timer.
    void this.signal.aborted;
    if (this.#end?.failed) return Promise.reject(this.#end.error);
    if (this.#end !== undefined) return Promise.resolve(DONE);
    const value = this.#renewals.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  readonly #onAbort = (): void => {
    this.fail(this.#ending?.reason);
    this.#release(this);
  };

  #settle(end: { readonly error?: unknown; readonly failed: boolean }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#ignoreAbort?.();
    for (const reader of this.#readers.splice(0)) {
      if (end.failed) reader.reject(end.error);
      else reader.resolve(DONE);
    }
  }
}
