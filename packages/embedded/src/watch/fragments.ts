import type { Event, WatchResponse } from '../messages.ts';
import { eventSize } from '../wire/descriptors.ts';

/** Cuts a response into parts below a size, of at least one event each. All but the last are marked as fragments. */
export function* fragments(response: WatchResponse, overhead: number, maxBytes: number): Iterable<WatchResponse> {
  const events = response.events ?? [];
  let part: Event[] = [];
  let size = overhead;
  for (const event of events) {
    const more = eventSize(event);
    if (part.length > 0 && size + more >= maxBytes) {
      yield { ...response, events: part, fragment: true };
      part = [];
      size = overhead;
    }
    part.push(event);
    size += more;
  }
  yield { ...response, events: part };
}
