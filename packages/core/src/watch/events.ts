import { Inbox, Iteration, type Pulled, type Reader } from '../inbox.ts';
import type { WatchEvent } from '../messages.ts';
import type { WatchResponse } from './service.ts';
import { secondWatchReader } from './watch-errors.ts';

type Result = IteratorResult<WatchEvent, undefined>;
const NONE: readonly WatchEvent[] = [];

/** A source of responses, one for each call. The reader may be called before `read` returns. */
export interface ResponseSource {
  read(reader: Reader<WatchResponse>): void;
  cancel(): Promise<void>;
}

/** The events of a watch's responses, one at a time. Leaving the iteration cancels the watch. */
export class WatchEvents implements AsyncIterable<WatchEvent>, Pulled<WatchEvent>, Reader<WatchResponse> {
  readonly #source: ResponseSource;
  #events: readonly WatchEvent[] = NONE;
  #index = 0;
  /** The reads that wait for an event. Events stay in their response until they are read, so that it never holds one. */
  readonly #inbox: Inbox<WatchEvent> = new Inbox();
  #pulling = false;
  #answered = false;

  constructor(source: ResponseSource) {
    this.#source = source;
  }

  next(): Promise<Result> {
    if (this.#index < this.#events.length) return Promise.resolve({ value: this.#take(), done: false });
    const idle = !this.#inbox.wanted;
    const next = this.#inbox.next();
    if (idle && this.#inbox.wanted) this.#pull();
    return next;
  }

  async return(): Promise<Result> {
    this.#events = NONE;
    await this.#source.cancel();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<WatchEvent, undefined> {
    this.#inbox.claim(secondWatchReader);
    return new Iteration(this);
  }

  /** Receives a response, or the end. */
  resolve(response: IteratorResult<WatchResponse, undefined>): void {
    if (response.done === true) return this.#inbox.finish();
    this.#events = response.value.events;
    this.#index = 0;
    while (this.#inbox.wanted && this.#index < this.#events.length) this.#inbox.push(this.#take());
    if (this.#pulling) this.#answered = true;
    else if (this.#inbox.wanted) this.#pull();
  }

  /** Receives the failure of the watch. */
  reject(reason: unknown): void {
    this.#inbox.finish({ reason });
  }

  /** Reads until no read waits or no response is there. It is a loop, because thousands of bookmarks without events may come. */
  #pull(): void {
    this.#pulling = true;
    do {
      this.#answered = false;
      this.#source.read(this);
    } while (this.#answered && this.#inbox.wanted);
    this.#pulling = false;
  }

  #take(): WatchEvent {
    return this.#events[this.#index++] as WatchEvent;
  }
}
