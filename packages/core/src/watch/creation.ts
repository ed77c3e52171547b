import type { Clock, Timer } from '../clock.ts';
import type { EtcdError } from '../errors.ts';
import type { Failure } from '../inbox.ts';
import type { ResponseHeader } from '../messages.ts';
import { notCreated } from './watch-errors.ts';

/** The wait for the registration of a watch, until it is over, or the failure of it. The promise is made when it is first read. */
export class Creation {
  #failure: Failure | undefined;
  #promise: Promise<ResponseHeader> | undefined;
  #settle: { resolve(header: ResponseHeader): void; reject(reason: unknown): void } | undefined;
  #timer: Timer | undefined;

  get promise(): Promise<ResponseHeader> {
    if (this.#promise === undefined) {
      const failure = this.#failure;
      this.#promise = new Promise((resolve, reject) => {
        if (failure === undefined) this.#settle = { resolve, reject };
        else reject(failure.reason);
      });
      // Avoids an unhandled rejection: callers who ignore `created` get the error from the iteration.
      this.#promise.catch(() => {});
    }
    return this.#promise;
  }

  /** Calls `expire` with an error unless the watch is registered within this time. */
  limit(clock: Clock, timeoutMs: number, expire: (error: EtcdError) => void): void {
    this.#timer = clock.after(timeoutMs, () => expire(notCreated(timeoutMs)), true);
  }

  succeed(header: ResponseHeader): void {
    this.#timer?.cancel();
    this.#settle?.resolve(header);
  }

  fail(reason: unknown): void {
    this.#failure = { reason };
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#settle?.reject(reason);
    this.#settle = undefined;
  }
}
