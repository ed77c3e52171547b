import type {
  Call,
  ClientStream,
  InterceptorSite,
  Method,
  RequestOf,
  ResponseOf,
  StreamHandler,
} from '@etcdts/core/plugin';
import { pause } from './pause.ts';
import type { Tries } from './tries.ts';

/** What a repeated stream is opened with. */
export interface StreamParts<M extends Method> {
  readonly call: Call<M>;
  readonly next: StreamHandler;
  readonly site: InterceptorSite;
  readonly tries: Tries<M>;
}

/** A stream from the server that is opened again where it fails before its first message; after that it just fails. */
export class RepeatedStream<M extends Method> implements ClientStream<RequestOf<M>, ResponseOf<M>> {
  readonly #parts: StreamParts<M>;
  readonly #left: Promise<void>;
  #stream: ClientStream<RequestOf<M>, ResponseOf<M>>;
  #begun = false;
  #cancelled: { readonly reason: unknown } | undefined;
  #leave: () => void = () => {};

  constructor(parts: StreamParts<M>) {
    this.#parts = parts;
    this.#left = new Promise((resolve) => (this.#leave = resolve));
    this.#stream = parts.next(parts.call);
  }

  /** Nothing is sent but the request, which is in the call. */
  send(): void {}

  end(): void {}

  cancel(reason?: unknown): void {
    this.#cancelled ??= { reason };
    this.#leave();
    this.#stream.cancel(reason);
  }

  async forEach(onMessage: (message: ResponseOf<M>) => void): Promise<void> {
    const each = (message: ResponseOf<M>): void => {
      this.#begun = true;
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

  [Symbol.asyncIterator](): AsyncIterator<ResponseOf<M>> {
    let inner = this.#stream[Symbol.asyncIterator]();
    const over: IteratorResult<ResponseOf<M>> = { value: undefined, done: true };
    return {
      next: async () => {
        for (;;) {
          try {
            const result = await inner.next();
            this.#begun = true;
            return result;
          } catch (reason) {
            if (!(await this.#reopen(reason))) return over;
            inner = this.#stream[Symbol.asyncIterator]();
          }
        }
      },
      return: () => {
        this.cancel();
        return Promise.resolve(over);
      },
    };
  }

  /** Opens the stream again; false where the reader has cancelled it without a reason. Throws what the reader hears. */
  async #reopen(failure: unknown): Promise<boolean> {
    const { call, next, site, tries } = this.#parts;
    if (this.#cancelled === undefined) {
      if (this.#begun) throw tries.ended(failure);
      await pause(tries.pauseAfter(failure), call as Call, site, this.#left).catch((reason: unknown) => {
        throw tries.ended(reason);
      });
    }
    if (this.#cancelled !== undefined) {
      if (this.#cancelled.reason === undefined) return false;
      throw this.#cancelled.reason;
    }
    this.#stream = next(tries.present(false));
    return true;
  }
}
