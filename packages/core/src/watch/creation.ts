import type { Clock, Timer } from '../clock.ts';
import type { EtcdError } from '../errors.ts';
import type { Failure } from '../inbox.ts';
import type { ResponseHeader } from '../messages.ts';
import { notCreated } from './watch-errors.ts';

/** Whether etcd has registered a watch. The promise is allocated when `promise` is first read. */
export class Creation {
  /** The header of the first registration; `undefined` before it. */
  header: ResponseHeader | undefined;
  #failure: Failure | undefined;
  #promise: Promise<ResponseHeader> | undefined;
  #settle: (() => void) | undefined;
  #timer: Timer | undefined;

  get promise(): Promise<ResponseHeader> {
    if (this.#promise === undefined) {
      this.#promise = new Promise((resolve, reject) => {
        this.#settle = () => (this.header === undefined ? reject(this.#failure?.reason) : resolve(this.header));
      });
      // Avoids an unhandled rejection: callers who ignore `created` get the error from the iteration.
      this.#promise.catch(() => {});
      if (this.header !== undefined || this.#failure !== undefined) this.#settle?.();
    }
    return this.#promise;
  }

  /** Calls `expire` with an error unless the watch is registered within this time. */
  limit(clock: Clock, timeoutMs: number, expire: (error: EtcdError) => void): void {
    this.#timer = clock.after(timeoutMs, () => expire(notCreated(timeoutMs)), true);
  }

  succeed(header: ResponseHeader): void {
    this.header = header;
    this.#over();
  }

  /** Called when the watch has ended. If it was registered, `promise` still resolves. */
  fail(error: unknown): void {
    this.#failure = { reason: error };
    this.#over();
  }

  #over(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#settle?.();
  }
}
