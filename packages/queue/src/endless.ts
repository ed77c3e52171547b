import type { CallOptions, EtcdOperations } from '@etcdts/core';
import { callOptionsOf } from '@etcdts/core/plugin';

/** One call of an iteration. It ends with the caller's options, and when `left` aborts. */
export type EndlessCall<T> = (options: CallOptions, left: AbortSignal) => Promise<T>;

/**
 * One call after the other, as an iterable. Leaving the iteration ends the call that waits; an item that this call takes in spite
 * of that goes to the caller of `next()`. `isEnd` selects the errors that end the iteration and are not thrown.
 */
export function endless<T>(
  client: EtcdOperations,
  options: CallOptions | undefined,
  call: EndlessCall<T>,
  isEnd: (error: unknown) => boolean = () => false,
): AsyncIterable<T> {
  const given = callOptionsOf<CallOptions>(client, options, {});
  return { [Symbol.asyncIterator]: () => iterate((left) => call(given, left), isEnd) };
}

function iterate<T>(
  call: (left: AbortSignal) => Promise<T>,
  isEnd: (error: unknown) => boolean,
): AsyncIterator<T, undefined> {
  const left = new AbortController();
  const done = { done: true, value: undefined } as const;
  let ended = false;
  return {
    async next() {
      if (ended) return done;
      try {
        return { done: false, value: await call(left.signal) };
      } catch (error) {
        ended = true;
        if (left.signal.aborted || isEnd(error)) return done;
        throw error;
      }
    },
    async return() {
      ended = true;
      left.abort();
      return done;
    },
  };
}
