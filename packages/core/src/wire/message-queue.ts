import { Inbox, Iteration, secondReader } from '../inbox.ts';

/** The functions that a queue calls on its stream. */
export interface QueueSource {
  /** Requests one more message. */
  pull(): void;
  /** Called when the reader has left. No more messages are requested. */
  leave(): void;
}

/**
 * The reading half of a stream. It has one reader: `forEach`, to which messages are pushed, or an iterator, which pulls them. An
 * iterator requests one message at a time, so that a slow reader stops the peer and does not fill the memory.
 */
export class MessageQueue<T> implements AsyncIterable<T, undefined> {
  readonly #source: QueueSource;
  readonly #inbox: Inbox<T> = new Inbox();
  #onMessage: ((message: T) => void) | undefined;

  constructor(source: QueueSource) {
    this.#source = source;
  }

  push(message: T): void {
    if (this.#onMessage === undefined) return this.#inbox.push(message);
    if (this.#inbox.ended) return;
    this.#source.pull();
    try {
      const result: unknown = this.#onMessage(message);
      // An async function fits the type as well.
      if (result instanceof Promise) result.catch((reason: unknown) => this.#broken(reason));
    } catch (reason) {
      this.#broken(reason);
    }
  }

  end(): void {
    this.#inbox.finish();
  }

  fail(reason: unknown): void {
    this.#inbox.finish({ reason });
  }

  forEach(onMessage: (message: T) => void): Promise<void> {
    this.#inbox.claim(refusal);
    return new Promise((resolve, reject) => {
      const { ended } = this.#inbox;
      this.#onMessage = onMessage;
      // Messages bypass the inbox; its reader gets only the end.
      this.#inbox.read({ resolve: () => resolve(), reject });
      if (!ended) this.#source.pull();
    });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    this.#inbox.claim(refusal);
    return new Iteration({
      next: () => this.#next(),
      return: () => {
        this.#inbox.stop();
        this.#source.leave();
        return Promise.resolve({ value: undefined, done: true });
      },
    });
  }

  /** The reader's function has failed. */
  #broken(reason: unknown): void {
    if (this.#inbox.ended) return;
    this.fail(reason);
    this.#source.leave();
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    const waits = this.#inbox.length === 0 && !this.#inbox.ended;
    const next = this.#inbox.next();
    if (waits) this.#source.pull();
    return next;
  }
}

function refusal(): unknown {
  return secondReader('a stream', 'use one iteration, or forEach');
}
