import { watchEvent, methods } from '@etcdts/core/plugin';
import type { WatchEvent, WatchResponse, WatchStream } from '@etcdts/core';
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
      return scopedStream(next.watch(scoped, options), scope);
    },
    requestProgress(options) {
      return next.requestProgress(options);
    },
  };
}

function scopedStream(inner: WatchStream, scope: Scope): WatchStream {
  const eventOut = ({ type, kv, prevKv }: WatchEvent): WatchEvent =>
    watchEvent({ type, kv: scope.out(kv, WATCH), prevKv: prevKv && scope.out(prevKv, WATCH) });
  const responseOut = (response: WatchResponse): WatchResponse => {
    if (response.events.length === 0) return response;
    const { header, events, created, progressNotify } = response;
    return { header, events: events.map(eventOut), created, progressNotify };
  };
  return {
    // A getter reads the promise below only if the application reads it here.
    get created() {
      return inner.created;
    },
    cancel: () => inner.cancel(),
    events: () => mapped(inner.events(), eventOut, inner),
    [Symbol.asyncIterator]: () => mapped(inner, responseOut, inner)[Symbol.asyncIterator](),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

/** Maps each item of an iteration. An item that cannot be mapped ends the watch and throws. */
function mapped<T>(items: AsyncIterable<T>, map: (item: T) => T, watch: WatchStream): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator](): AsyncIterableIterator<T> {
      const iterator = items[Symbol.asyncIterator]();
      return {
        async next() {
          const result = await iterator.next();
          if (result.done) return result;
          try {
            return { done: false, value: map(result.value) };
          } catch (error) {
            await watch.cancel();
            throw error;
          }
        },
        async return() {
          await watch.cancel();
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
  };
}
