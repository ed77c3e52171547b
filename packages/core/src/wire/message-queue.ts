/** What a queue tells the stream that it belongs to. */
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
export class MessageQueue<T> implements AsyncIterable<T> {
  readonly #source: QueueSource;
  readonly #messages: T[] = [];
  #onMessage: ((message: T) => void) | undefined;
  #waiting: { resolve(result: IteratorResult<T>): void; reject(reason: unknown): void }[] = [];
  #state: 'open' | 'ended' | 'failed' = 'open';
  #reason: unknown;
  #settleForEach: (() => void) | undefined;
  #taken = false;

  constructor(source: QueueSource) {
    this.#source = source;
  }

  push(message: T): void {
    if (this.#state !== 'open') return;
    if (this.#onMessage !== undefined) {
      this.#source.pull();
      try {
        this.#onMessage(message);
      } catch (error) {
        this.fail(error);
        this.#source.leave();
      }
      return;
    }
    const reader = this.#waiting.shift();
    if (reader !== undefined) reader.resolve({ value: message, done: false });
    else this.#messages.push(message);
  }

  end(): void {
    this.#close('ended', undefined);
  }

  fail(reason: unknown): void {
    this.#close('failed', reason);
  }

  forEach(onMessage: (message: T) => void): Promise<void> {
    this.#take();
    return new Promise((resolve, reject) => {
      this.#settleForEach = () => (this.#state === 'failed' ? reject(this.#reason) : resolve());
      if (this.#state !== 'open') return this.#settleForEach();
      this.#onMessage = onMessage;
      this.#source.pull();
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    this.#take();
    return {
      next: () => this.#next(),
      return: () => {
        this.end();
        this.#source.leave();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }

  #next(): Promise<IteratorResult<T>> {
    if (this.#messages.length > 0) return Promise.resolve({ value: this.#messages.shift() as T, done: false });
    if (this.#state === 'failed') {
      this.#state = 'ended';
      return Promise.reject(this.#reason);
    }
    if (this.#state === 'ended') return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#source.pull();
    });
  }

  #close(state: 'ended' | 'failed', reason: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.#reason = reason;
    this.#settleForEach?.();
    const [first, ...rest] = this.#waiting;
    this.#waiting = [];
    if (first === undefined) return;
    if (state === 'failed') {
      this.#state = 'ended';
      first.reject(reason);
    } else {
      first.resolve({ value: undefined, done: true });
    }
    for (const reader of rest) reader.resolve({ value: undefined, done: true });
  }

  #take(): void {
    if (this.#taken) throw new TypeError('a stream is read once: by one iteration, or by forEach');
    this.#taken = true;
  }
}
