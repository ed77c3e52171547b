import type { WatchEvent } from '@etcdts/core';
import { keyValue, watchEvent, type WatchCreateRequest } from '@etcdts/core/plugin';
import type { Delta } from './entry.ts';
import { copyOf } from './local-range.ts';
import { isIn, keyOf, type Places } from './ordered.ts';

/** The events of a watch, after a revision, among what happened to a copy. Readers may change their bytes. */
export function eventsOf<T>(
  deltas: readonly Delta<T>[],
  after: bigint,
  { prevKv = false, filters = [] }: WatchCreateRequest,
  places: Places,
): WatchEvent[] {
  const events: WatchEvent[] = [];
  for (const { place, before, after: now, revision } of deltas) {
    const type = now === undefined ? 'delete' : 'put';
    if (revision <= after || !isIn(place, places) || filters.includes(type)) continue;
    const kv = now === undefined ? keyValue({ key: keyOf(place), modRevision: revision }) : copyOf(now.kv);
    const previous = prevKv && before !== undefined ? copyOf(before.kv) : undefined;
    events.push(watchEvent({ type, kv, prevKv: previous }));
  }
  return events;
}
