import type { ClientStream } from '../call.ts';
import { Iteration } from '../inbox.ts';

/** The functions that decide how a stream is opened again. */
export interface Reopening<Req, Res> {
  /**
   * Returns the stream that follows one that failed before its first message, at once or after a pause. `undefined` means that
   * there is none: the reader gets `reason`. The reader also gets what this function throws. `left` aborts when the reader leaves,
   * to end a pause.
   */
  reopen(
    reason: unknown,
    left: AbortSignal,
  ): ClientStream<Req, Res> | undefined | Promise<ClientStream<Req, Res> | undefined>;
  /** Returns what the reader gets for a failure after the first message, which is final. Defaults to the reason itself. */
  ended?(reason: unknown): unknown;
}

/**
 * A stream that is opened again if it fails before its first message, for interceptors that repeat calls. Sent messages are sent
 * again. After its first message it fails, because only its reader can decide what to do with the messages that it has.
 */
export function reopenedStream<Req, Res>(
  first: ClientStream<Req, Res>,
  reopening: Reopening<Req, Res>,
): ClientStream<Req, Res> {
  return new ReopenedStream(first, reopening);
}

class ReopenedStream<Req, Res> implements ClientStream<Req, Res> {
  readonly #reopening: Reopening<Req, Res>;
  #stream: ClientStream<Req, Res>;
  /** The sent messages, for the next stream; `undefined` once there can be none. */
  #sent: Req[] | undefined = [];
  #sendsEnded = false;
  #cancelled: { readonly reason: unknown } | undefined;
  /** Made with the first failure. */
  #left: AbortController | undefined;

  constructor(first: ClientStream<Req, Res>, reopening: Reopening<Req, Res>) {
    this.#stream = first;
    this.#reopening = reopening;
  }

  send(message: Req): void {
    if (!this.#sendsEnded) this.#sent?.push(message);
    this.#stream.send(message);
  }

  end(): void {
    this.#sendsEnded = true;
    this.#stream.end();
  }

  cancel(reason?: unknown): void {
    this.#cancelled ??= { reason };
    this.#left?.abort();
    this.#stream.cancel(reason);
  }

  async forEach(onMessage: (message: Res) => void): Promise<void> {
    const each = (message: Res): void => {
      this.#sent = undefined;
      onMessage(message);
    };
    for (let open = true; open;) {
      try {
        return await this.#stream.forEach(each);
      } catch (reason) {
        open = await this.#reopen(reason);
      }
    }
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Res, undefined> {
    let inner = this.#stream[Symbol.asyncIterator]();
    const over: IteratorReturnResult<undefined> = { value: undefined, done: true };
    return new Iteration<Res>({
      next: async () => {
        for (;;) {
          try {
            const result = await inner.next();
            this.#sent = undefined;
            return result;
          } catch (reason) {
            if (!(await this.#reopen(reason))) return over;
            inner = this.#stream[Symbol.asyncIterator]();
          }
        }
      },
      return: async () => {
        this.cancel();
        return over;
      },
    });
  }

  /** Opens the stream again. False if its reader has left without a reason. Throws what the reader gets. */
  async #reopen(reason: unknown): Promise<boolean> {
    const next = this.#cancelled === undefined ? await this.#next(reason) : undefined;
    const cancelled = this.#cancelled;
    if (cancelled !== undefined) {
      next?.cancel(cancelled.reason);
      if (cancelled.reason === undefined) return false;
      throw cancelled.reason;
    }
    if (next === undefined) throw reason;
    this.#stream = next;
    for (const message of this.#sent ?? []) next.send(message);
    if (this.#sendsEnded) next.end();
    return true;
  }

  #next(reason: unknown): ReturnType<Reopening<Req, Res>['reopen']> {
    const { ended } = this.#reopening;
    if (this.#sent === undefined) throw ended === undefined ? reason : ended(reason);
    this.#left ??= new AbortController();
    return this.#reopening.reopen(reason, this.#left.signal);
  }
}
