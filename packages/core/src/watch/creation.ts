import type { Clock, Timer } from '../clock.ts';
import { EtcdError } from '../errors.ts';
import type { ResponseHeader } from '../messages.ts';

/** Whether etcd has registered a watch, which is told once. Nothing is allocated before somebody asks. */
export class Creation {
  /** Of the first registration; nothing before it. */
  header: ResponseHeader | undefined;
  #error: unknown;
  #failed = false;
  #promise: Promise<ResponseHeader> | undefined;
  #settle: (() => void) | undefined;
  #timer: Timer | undefined;

  get promise(): Promise<ResponseHeader> {
    if (this.#promise === undefined) {
      this.#promise = new Promise((resolve, reject) => {
        this.#settle = () => (this.header === undefined ? reject(this.#error) : resolve(this.header));
      });
      // Who does not wait for it learns of a failure from the iteration.
      this.#promise.catch(() => {});
      if (this.header !== undefined || this.#failed) this.#settle?.();
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

  /** The watch has ended. Where it had been registered, that stays true. */
  fail(error: unknown): void {
    this.#failed = true;
    this.#error = error;
    this.#over();
  }

  #over(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#settle?.();
  }
}

/** Why a watch was never registered that was cancelled before. */
export function cancelled(): EtcdError {
  const message = 'the watch was cancelled before etcd registered it';
  return new EtcdError({ code: 'CANCELLED', message, grpcCode: 1, outcome: 'not-applied', method: 'Watch.Watch' });
}

function notCreated(timeoutMs: number): EtcdError {
  const message = `etcd did not register the watch within ${timeoutMs} ms`;
  return new EtcdError({
    code: 'DEADLINE_EXCEEDED',
    message,
    grpcCode: 4,
    outcome: 'not-applied',
    method: 'Watch.Watch',
  });
}
