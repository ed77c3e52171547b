import { onAbort } from '@etcdts/core/plugin';

/** Lets one through at a time, in the order of arrival. */
export class Line {
  readonly #waiting: (() => void)[] = [];
  readonly #onEmpty: () => void;
  #taken = false;

  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  /** Waits for its turn. Resolves with the function that lets the next one through. Rejects with the reason of the signal. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const leave = this.tryEnter();
    if (leave !== undefined) return leave;
    await this.#wait(signal);
    return this.#taking();
  }

  /** Takes the turn if nobody has it. Returns the function that lets the next one through. */
  tryEnter(): (() => void) | undefined {
    return this.#taken ? undefined : this.#taking();
  }

  #taking(): () => void {
    this.#taken = true;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave();
    };
  }

  #leave(): void {
    const next = this.#waiting.shift();
    // The place stays taken, so that nobody who comes now is before the next one.
    if (next !== undefined) return next();
    this.#taken = false;
    this.#onEmpty();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        ignore();
        resolve();
      };
      const ignore = onAbort(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(signal.reason);
      });
      this.#waiting.push(go);
    });
  }
}
