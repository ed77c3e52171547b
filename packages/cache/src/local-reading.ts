import type { WatchEvent, WatchResponse } from '@etcdts/core';

export type Result = IteratorResult<WatchResponse, undefined>;

export const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

interface Cancelled {
  cancel(): Promise<void>;
}

/** The responses of a watch, one for each read. Leaving the iteration cancels the watch. */
export function responsesOf(
  read: () => Promise<Result>,
  watch: Cancelled,
): AsyncIterableIterator<WatchResponse, undefined> {
  const iterator: AsyncIterableIterator<WatchResponse, undefined> = {
    next: read,
    return: () => watch.cancel().then(() => DONE),
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

/** The events of its responses, one at a time. */
export function eventsIn(read: () => Promise<Result>, watch: Cancelled): AsyncIterable<WatchEvent> {
  const each = (async function* (): AsyncGenerator<WatchEvent, undefined> {
    try {
      for (let step = await read(); step.done !== true; step = await read()) yield* step.value.events;
    } finally {
      await watch.cancel();
    }
  })();
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => each.next(),
      // The generator may wait for an event, and the end of the watch ends that wait.
      return: () => watch.cancel().then(() => each.return(undefined)),
    }),
  };
}
