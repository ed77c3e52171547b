import type { Bytes, EtcdOperations, WatchEvent } from '@etcdts/core';
import { invalidArgument, keyValue, watchEvent } from '@etcdts/core/plugin';
import type { Change } from './change.ts';
import { follow, type FollowOptions } from './follow.ts';
import { keyOf, placeOf } from './ordered.ts';

/** Options of `listAndWatch`, as of `follow`. */
export type ListAndWatchOptions = Omit<FollowOptions, 'revision' | 'restart' | 'stream'>;

/**
 * What is there, then what happens, as one iteration of events: a put for each key of the range, then each change, once and in order.
 * After a compaction, or on another store, it gives what that amounts to: puts of what has changed, and deletions with the revision of
 * the new base. It holds the revision of each key for that, and nothing else of the range.
 *
 * It ends, waits and throws as `follow` does, with one reader.
 *
 *     for await (const { type, kv } of listAndWatch(client, 'config/', { prefix: true })) …
 */
export function listAndWatch(
  client: EtcdOperations,
  key: Bytes,
  options: ListAndWatchOptions = {},
): AsyncIterable<WatchEvent> {
  for (const name of ['revision', 'restart', 'stream']) {
    if (typeof options === 'object' && options !== null && Object.hasOwn(options, name))
      throw invalidArgument(name, 'is an option of follow, and listAndWatch always begins with what is there');
  }
  const following = follow(client, key, options);
  const events = eventsOf(following);
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => events.next(),
      // The generator may wait for a change, and the end of what it follows ends that wait.
      return: () => following.cancel().then(() => events.return(undefined)),
    }),
  };
}

async function* eventsOf(changes: AsyncIterable<Change>): AsyncGenerator<WatchEvent, undefined> {
  const known = new Map<string, bigint>();
  let base = new Set<string>();
  for await (const change of changes) {
    if (change.type === 'restart') base = new Set();
    else if (change.type === 'page') {
      for (const kv of change.kvs) {
        const place = placeOf(kv.key);
        base.add(place);
        if (known.get(place) === kv.modRevision) continue;
        known.set(place, kv.modRevision);
        yield watchEvent({ type: 'put', kv });
      }
    } else if (change.type === 'synced') {
      for (const place of known.keys()) {
        if (base.has(place)) continue;
        known.delete(place);
        yield watchEvent({ type: 'delete', kv: keyValue({ key: keyOf(place), modRevision: change.revision }) });
      }
      base = new Set();
    } else if (change.type === 'events') {
      for (const event of change.events) {
        const place = placeOf(event.kv.key);
        if (event.type === 'put') known.set(place, event.kv.modRevision);
        else known.delete(place);
        yield event;
      }
    }
  }
}
