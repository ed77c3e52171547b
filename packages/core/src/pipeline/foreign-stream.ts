import type { ClientStream, StreamHandler } from '../call.ts';
import { invalidArgument } from '../errors.ts';
import { Iteration, type Failure } from '../inbox.ts';
import { failedStream } from './streams.ts';

/**
 * The stream of an interceptor, for those who cannot take an exception: a watch that resumes, a lease that is renewed. What
 * a method of the stream throws ends the stream with that as its reason.
 */
export class ForeignStream<Req, Res> implements ClientStream<Req, Res> {
  readonly #stream: ClientStream<Req, Res>;
  /** Set once a method has thrown: the stream below is of no use any more. */
  #failure: Failure | undefined;
  /** Rejects what the reader waits for. */
  #reject: ((reason: unknown) => void) | undefined;

  constructor(stream: ClientStream<Req, Res>) {
    this.#stream = stream;
  }

  send(message: Req): void {
    try {
      if (this.#failure === undefined) this.#stream.send(message);
    } catch (reason) {
      this.cancel(reason);
      this.#fail(reason);
    }
  }

  end(): void {
    try {
      if (this.#failure === undefined) this.#stream.end();
    } catch (reason) {
      this.cancel(reason);
      this.#fail(reason);
    }
  }

  cancel(reason?: unknown): void {
    try {
      this.#stream.cancel(reason);
    } catch (thrown) {
      this.#fail(reason ?? thrown);
    }
  }

  forEach(onMessage: (message: Res) => void): Promise<void> {
    return this.#settled(() => this.#stream.forEach(onMessage));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Res, undefined> {
    const inner = this.#stream[Symbol.asyncIterator]();
    return new Iteration<Res>({
      next: () => this.#settled(() => inner.next()),
      return: async () => {
        this.cancel();
        return { value: undefined, done: true };
      },
    });
  }

  /** The answer of the stream below, unless a method throws meanwhile. */
  #settled<T>(read: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason);
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      try {
        read().then(resolve, reject);
      } catch (reason) {
        reject(reason);
        this.cancel(reason);
      }
    });
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#reject?.(reason);
  }
}

/** An interceptor's handler of streams that always gives a stream: one that has failed, if the handler throws or gives none. */
export function givingStreams(handler: StreamHandler, interceptor: string): StreamHandler {
  return (call) => {
    let given: unknown;
    try {
      given = handler(call);
    } catch (reason) {
      return failedStream(reason);
    }
    if (isStream(given)) return given as never;
    // An async function: what it rejects with is of no use to anybody.
    if (given instanceof Promise) given.catch(() => {});
    const remedy = 'return a stream, for example deferredStream(promise) of @etcdts/core/plugin';
    return failedStream(invalidArgument('interceptors', `hold ${interceptor}, which gave no stream: ${remedy}`));
  };
}

function isStream(given: unknown): boolean {
  return typeof (given as Partial<ClientStream> | undefined)?.forEach === 'function';
}
