import { watchEvent, methods } from '@etcdts/core/plugin';
import type { ResponseHeader, WatchEvent, WatchResponse, WatchStream } from '@etcdts/core';
import type { WatchService } from '@etcdts/core/plugin';
import type { Scope } from './range.ts';
import type { Answering } from './violation.ts';

const WATCH: Answering = { name: methods.watch.label, outcome: 'not-applied' };
const FIRST_KEY = Buffer.from([0]);

/**
 * Watches behind a prefix (clientv3 namespace/watch.go). The watch hub below has the full range and resumes after a lost
 * connection, so that no key is prefixed twice. All namespaces of a client share its streams.
 */
export function scopeWatch(next: WatchService, scope: Scope): WatchService {
  return {
    watch(request, options) {
      // Unlike KV, etcd's watch takes an empty key for the first one (server watch.go).
      const fromFirst = request.key.length === 0 && request.rangeEnd !== undefined && request.rangeEnd.length > 0;
      const scoped = scope.in(fromFirst ? { ...request, key: FIRST_KEY } : request);
      return new ScopedWatch(next.watch(scoped, options), scope);
    },
    requestProgress(options) {
      return next.requestProgress(options);
    },
  };
}

/** A watch whose responses have keys without the prefix. */
class ScopedWatch implements WatchStream {
  readonly #inner: WatchStream;
  readonly #scope: Scope;

  constructor(inner: WatchStream, scope: Scope) {
    this.#inner = inner;
    this.#scope = scope;
  }

  // A getter reads the promise below only if the application reads it here.
  get created(): Promise<ResponseHeader> {
    return this.#inner.created;
  }

  cancel(): Promise<void> {
    return this.#inner.cancel();
  }

  events(): AsyncIterable<WatchEvent> {
    const items = this.#inner.events();
    const map = (event: WatchEvent): WatchEvent => eventOut(event, this.#scope);
    return { [Symbol.asyncIterator]: () => new Mapped(items[Symbol.asyncIterator](), map, this.#inner) };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<WatchResponse, undefined> {
    const map = (response: WatchResponse): WatchResponse => responseOut(response, this.#scope);
    return new Mapped(this.#inner[Symbol.asyncIterator](), map, this.#inner);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }
}

function responseOut(response: WatchResponse, scope: Scope): WatchResponse {
  if (response.events.length === 0) return response;
  const { header, events, created, progressNotify } = response;
  return { header, events: events.map((event) => eventOut(event, scope)), created, progressNotify };
}

function eventOut({ type, kv, prevKv }: WatchEvent, scope: Scope): WatchEvent {
  return watchEvent({ type, kv: scope.out(kv, WATCH), prevKv: prevKv && scope.out(prevKv, WATCH) });
}

/** Maps each item of an iteration. An item that cannot be mapped ends the watch and throws. */
class Mapped<T> implements AsyncIterableIterator<T, undefined> {
  readonly #items: AsyncIterator<T, undefined>;
  readonly #watch: WatchStream;
  readonly #onResult: (result: IteratorResult<T, undefined>) => IteratorResult<T, undefined> | Promise<never>;

  constructor(items: AsyncIterator<T, undefined>, map: (item: T) => T, watch: WatchStream) {
    this.#items = items;
    this.#watch = watch;
    // One function for all results: a thousand watches wait for one each.
    this.#onResult = (result) => {
      if (result.done) return result;
      try {
        return { done: false, value: map(result.value) };
      } catch (error) {
        return this.#fail(error);
      }
    };
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#items.next().then(this.#onResult);
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await this.#watch.cancel();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #fail(error: unknown): Promise<never> {
    await this.#watch.cancel();
    throw error;
  }
}
