import type { WatchResponse } from './service.ts';

type Result = IteratorResult<WatchResponse, undefined>;

/** Ends an iteration with an error; `reason` may be anything, an aborted signal's included. */
export interface Failure {
  readonly reason: unknown;
}

/** Takes one result: what a call to `next` waits with. */
export interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(reason: unknown): void;
}

const DONE: Result = { value: undefined, done: true };

/**
 * What lies between a stream that pushes and a reader that pulls: responses in order, then the end or one error. A
 * reader that waits is handed a response directly. Nothing is allocated before it is needed: a thousand idle watches
 * have a thousand of these.
 */
export class ResponseQueue {
  /** Bytes of the responses that nobody has read yet. */
  bytes = 0;
  #responses: (WatchResponse | undefined)[] | undefined;
  #sizes: number[] | undefined;
  #head = 0;
  /** Who waits for the next response, and those who asked after it. */
  #waiting: Reader<WatchResponse> | undefined;
  #later: Reader<WatchResponse>[] | undefined;
  #ended = false;
  #failure: Failure | undefined;

  get length(): number {
    return this.#responses === undefined ? 0 : this.#responses.length - this.#head;
  }

  push(response: WatchResponse, size: number): void {
    if (this.#ended) return;
    const reader = this.#waiting;
    if (reader !== undefined) {
      this.#waiting = this.#later?.shift();
      reader.resolve({ value: response, done: false });
      return;
    }
    (this.#responses ??= []).push(response);
    (this.#sizes ??= []).push(size);
    this.bytes += size;
  }

  /** Gives the reader a response, the failure or the end: at once, or when there is one. */
  read(reader: Reader<WatchResponse>): void {
    if (this.length > 0) {
      reader.resolve({ value: this.#take(), done: false });
    } else if (!this.#ended) {
      if (this.#waiting === undefined) this.#waiting = reader;
      else (this.#later ??= []).push(reader);
    } else if (this.#failure === undefined) {
      reader.resolve(DONE);
    } else {
      const { reason } = this.#failure;
      this.#failure = undefined;
      reader.reject(reason);
    }
  }

  /** No more responses: the reader gets those that are here, then the failure once, then the end. */
  finish(failure?: Failure): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    if (this.#waiting === undefined) return;
    const readers = [this.#waiting, ...(this.#later ?? [])];
    this.#waiting = this.#later = undefined;
    for (const reader of readers) {
      const failed = this.#failure;
      this.#failure = undefined;
      if (failed === undefined) reader.resolve(DONE);
      else reader.reject(failed.reason);
    }
  }

  /** As `finish`, without the responses that are here; takes the place of an earlier end that nobody has seen. */
  stop(failure?: Failure): void {
    this.#responses = this.#sizes = undefined;
    this.#head = this.bytes = 0;
    this.#failure = failure;
    this.finish(failure);
  }

  #take(): WatchResponse {
    const responses = this.#responses as (WatchResponse | undefined)[];
    const sizes = this.#sizes as number[];
    const response = responses[this.#head] as WatchResponse;
    this.bytes -= sizes[this.#head] as number;
    // A response pins the message it came in: what is read is let go of at once, though its slot is cut off later.
    responses[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === responses.length || this.#head >= 1024) {
      responses.splice(0, this.#head);
      sizes.splice(0, this.#head);
      this.#head = 0;
    }
    return response;
  }
}
