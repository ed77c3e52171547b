import { onAbort } from '@etcdts/core/plugin';

/** Lets one through at a time, in the order of arrival. */
export class Line {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  /** Runs `work` when its turn comes. Rejects with the reason of the signal if that aborts before. */
  async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (this.#taken) await this.#wait(signal);
    this.#taken = true;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place stays taken, so that nobody who comes now is before the next one.
      if (next === undefined) this.#taken = false;
      else next();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        ignore?.();
        resolve();
      };
      const ignore =
        signal &&
        onAbort(signal, () => {
          this.#waiting.splice(this.#waiting.indexOf(go), 1);
          reject(signal.reason as Error);
        });
      this.#waiting.push(go);
    });
  }
}
