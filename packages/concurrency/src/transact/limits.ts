import { EtcdError, type CallOptions } from '@etcdts/core';
import { onAbort, type Clock } from '@etcdts/core/plugin';

/** The end of one `transact`: the deadline over all of its attempts, and the caller's signal. */
export class Limits {
  readonly #clock: Clock;
  readonly #options: CallOptions;
  readonly #deadline: number | undefined;

  constructor(clock: Clock, options: CallOptions) {
    this.#clock = clock;
    this.#options = options;
    if (options.timeoutMs !== undefined) this.#deadline = clock.now() + options.timeoutMs;
  }

  /** The options of the next request. Throws the reason of the signal, or `DEADLINE_EXCEEDED`. */
  call(): CallOptions {
    this.#options.signal?.throwIfAborted();
    if (this.#deadline === undefined) return this.#options;
    const timeoutMs = this.#deadline - this.#clock.now();
    if (timeoutMs <= 0) throw late();
    return { ...this.#options, timeoutMs };
  }

  /** Settles as `work` does, unless the signal aborts or the deadline passes first. The work itself goes on. */
  race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#options;
    const limited = this.#deadline !== undefined && this.#deadline !== Infinity;
    if (signal === undefined && !limited) return work;
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) {
        work.catch(() => {});
        return reject(signal.reason as Error);
      }
      const ignore = signal && onAbort(signal, () => end(() => reject(signal.reason as Error)));
      const timer = limited
        ? this.#clock.after((this.#deadline as number) - this.#clock.now(), () => end(() => reject(late())), true)
        : undefined;
      function end(settle: () => void): void {
        ignore?.();
        timer?.cancel();
        settle();
      }
      work.then(
        (value) => end(() => resolve(value)),
        (reason: unknown) => end(() => reject(reason as Error)),
      );
    });
  }

  /** Waits. It holds the process open, because the application waits for the transaction. */
  async pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    let stop = (): void => {};
    const over = new Promise<void>((resolve) => {
      const timer = this.#clock.after(ms, resolve, true);
      stop = () => timer.cancel();
    });
    await this.race(over).finally(stop);
  }
}

function late(): EtcdError {
  return new EtcdError({
    code: 'DEADLINE_EXCEEDED',
    message: 'the transaction was not committed before its deadline (timeoutMs)',
    outcome: 'not-applied',
  });
}
