import type { WatchEvent, WatchResponse, WatchStream } from '@etcdts/core';

const readers = new WeakMap<WatchStream, AsyncIterator<WatchResponse>>();

/** Returns the one reader of a watch, the same in each call. */
export function readerOf(watch: WatchStream): AsyncIterator<WatchResponse> {
  let reader = readers.get(watch);
  if (reader === undefined) readers.set(watch, (reader = watch[Symbol.asyncIterator]()));
  return reader;
}

/** Reads until there are this many events, and leaves the watch open. */
export async function take(watch: WatchStream, count: number): Promise<WatchEvent[]> {
  return (await takeResponses(watch, count)).flatMap(({ events }) => events);
}

/** Reads until there are responses with this many events in all, and leaves the watch open. */
export async function takeResponses(watch: WatchStream, count: number): Promise<WatchResponse[]> {
  const iterator = readerOf(watch);
  const responses: WatchResponse[] = [];
  for (let events = 0; events < count;) {
    const { value, done } = await iterator.next();
    if (done === true) throw new Error(`the watch ended after ${events} of ${count} events`);
    const response = value;
    responses.push(response);
    events += response.events.length;
  }
  return responses;
}

/** Events in short: the name behind the last slash, with its value, or with a minus if it was deleted. */
export function shown(events: readonly WatchEvent[]): string {
  const name = (key: Buffer): string => key.subarray(key.lastIndexOf('/') + 1).toString();
  return events.map(({ type, kv }) => (type === 'put' ? `${name(kv.key)}=${kv.text()}` : `-${name(kv.key)}`)).join(' ');
}
