import type { WatchEvent } from '../messages.ts';
import type { Reader } from './response-queue.ts';
import type { WatchResponse } from './service.ts';

type Result = IteratorResult<WatchEvent, undefined>;
const NONE: readonly WatchEvent[] = [];
const DONE: Result = { value: undefined, done: true };

/** Where responses come from, one for each call; the reader may be called before `read` returns. */
export interface ResponseSource {
  read(reader: Reader<WatchResponse>): void;
  cancel(): Promise<void>;
}

/** The events of a watch's responses, one at a time. Leaving it cancels the watch. */
export class WatchEvents implements AsyncIterableIterator<WatchEvent, undefined>, Reader<WatchResponse> {
  readonly #source: ResponseSource;
  #events: readonly WatchEvent[] = NONE;
  #index = 0;
  /** Who waits for the next event, and those who asked after it. */
  #waiting: Reader<WatchEvent> | undefined;
  readonly #later: Reader<WatchEvent>[] = [];
  #pulling = false;
  #answered = false;

  constructor(source: ResponseSource) {
    this.#source = source;
  }

  next(): Promise<Result> {
    if (this.#index < this.#events.length) return Promise.resolve(this.#take());
    return new Promise(this.#wait);
  }

  async return(): Promise<Result> {
    this.#events = NONE;
    await this.#source.cancel();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A response, or the end. */
  resolve(response: IteratorResult<WatchResponse, undefined>): void {
    if (response.done === true) {
      while (this.#waiting !== undefined) this.#served(this.#waiting).resolve(DONE);
      return;
    }
    this.#events = response.value.events;
    this.#index = 0;
    while (this.#waiting !== undefined && this.#index < this.#events.length) {
      this.#served(this.#waiting).resolve(this.#take());
    }
    this.#goOn();
  }

  /** The failure of the watch: it goes to the first that waits. */
  reject(reason: unknown): void {
    if (this.#waiting !== undefined) this.#served(this.#waiting).reject(reason);
    this.#goOn();
  }

  /** One function for all promises: the reader of a busy watch waits for nearly every event. */
  readonly #wait = (resolve: Reader<WatchEvent>['resolve'], reject: Reader<WatchEvent>['reject']): void => {
    const reader = { resolve, reject };
    if (this.#waiting !== undefined) return void this.#later.push(reader);
    this.#waiting = reader;
    this.#pull();
  };

  #served(reader: Reader<WatchEvent>): Reader<WatchEvent> {
    this.#waiting = this.#later.length === 0 ? undefined : this.#later.shift();
    return reader;
  }

  #goOn(): void {
    if (this.#pulling) this.#answered = true;
    else if (this.#waiting !== undefined) this.#pull();
  }

  /** Reads until nobody waits or nothing is there: in a loop, as bookmarks without events may come by the thousand. */
  #pull(): void {
    this.#pulling = true;
    do {
      this.#answered = false;
      this.#source.read(this);
    } while (this.#answered && this.#waiting !== undefined);
    this.#pulling = false;
  }

  #take(): Result {
    return { value: this.#events[this.#index++] as WatchEvent, done: false };
  }
}
