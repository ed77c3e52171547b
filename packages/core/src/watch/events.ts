import type { WatchEvent } from '../messages.ts';
import type { WatchResponse } from './service.ts';

type Result = IteratorResult<WatchEvent, undefined>;
const NONE: readonly WatchEvent[] = [];

/** The events of a watch's responses, one at a time. Leaving it cancels the watch. */
export class WatchEvents implements AsyncIterableIterator<WatchEvent, undefined> {
  readonly #source: AsyncIterator<WatchResponse, undefined>;
  #events: readonly WatchEvent[] = NONE;
  #index = 0;
  /** The last of the calls to `next` that had to wait, while one does. */
  #waiting: Promise<unknown> | undefined;

  constructor(source: AsyncIterator<WatchResponse, undefined>) {
    this.#source = source;
  }

  next(): Promise<Result> {
    if (this.#waiting === undefined && this.#index < this.#events.length) return Promise.resolve(this.#take());
    const pull = (): Promise<Result> => this.#pull();
    const result = this.#waiting === undefined ? pull() : this.#waiting.then(pull, pull);
    this.#waiting = result;
    const settled = (): void => {
      if (this.#waiting === result) this.#waiting = undefined;
    };
    result.then(settled, settled);
    return result;
  }

  async return(): Promise<Result> {
    this.#events = NONE;
    await this.#source.return?.();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #pull(): Promise<Result> {
    while (this.#index >= this.#events.length) {
      const response = await this.#source.next();
      if (response.done === true) return { value: undefined, done: true };
      this.#events = response.value.events;
      this.#index = 0;
    }
    return this.#take();
  }

  #take(): Result {
    return { value: this.#events[this.#index++] as WatchEvent, done: false };
  }
}
