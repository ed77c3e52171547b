import { Inbox, Iteration, secondReader } from '../inbox.ts';

/** What a queue needs of the stream that it belongs to. */
export interface QueueSource {
  /** One more message is wanted. */
  pull(): void;
  /** The reader has left: nothing more is wanted, ever. */
  leave(): void;
}

/**
 * The reading half of a stream, read one way and once: pushed to `forEach`, or pulled by an iterator, one message asked for
 * at a time, so that a slow reader holds up the peer and not our memory.
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
      // Messages go past the inbox, so that its reader gets the end.
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
