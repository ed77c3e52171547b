import type { WatchEvent } from '@etcdts/core';
import { keyValue, watchEvent, type WatchCreateRequest } from '@etcdts/core/plugin';
import type { Delta } from './entry.ts';
import { copyOf } from './local-range.ts';
import { isIn, keyOf, type Places } from './ordered.ts';

/** The events of a watch, from a revision on, among what happened to a copy. Readers may change their bytes. */
export function eventsOf<T>(
  deltas: readonly Delta<T>[],
  from: bigint,
  { prevKv = false, filters = [] }: WatchCreateRequest,
  places: Places,
): WatchEvent[] {
  const events: WatchEvent[] = [];
  for (const { place, before, after, revision } of deltas) {
    const type = after === undefined ? 'delete' : 'put';
    if (revision < from || !isIn(place, places) || filters.includes(type)) continue;
    const kv = after === undefined ? keyValue({ key: keyOf(place), modRevision: revision }) : copyOf(after.kv);
    const previous = prevKv && before !== undefined ? copyOf(before.kv) : undefined;
    events.push(watchEvent({ type, kv, prevKv: previous }));
  }
  return events;
}
