import type { WatchEvent, WatchResponseMessage } from '../messages.ts';

/** A response assembled from fragments is bounded as one that comes whole is: by gRPC's largest message. */
const MAX_BYTES = 2 ** 31 - 1;

/** The parts of a response that etcd sends in fragments, until the last one is here. */
export class Fragments {
  events: WatchEvent[] = [];
  bytes = 0;

  add(message: WatchResponseMessage): void {
    for (const event of message.events) this.events.push(event);
    this.bytes += message.byteLength;
  }

  /**
   * Takes out the revisions that are surely whole: all but the last one, of which more may follow. They go with their
   * share of the bytes.
   */
  takeWhole(): { readonly events: readonly WatchEvent[]; readonly bytes: number } | undefined {
    const { events } = this;
    let end = events.length - 1;
    if (end < 0) return undefined;
    const last = (events[end] as WatchEvent).kv.modRevision;
    while (end > 0 && (events[end - 1] as WatchEvent).kv.modRevision === last) end -= 1;
    if (end === 0) return undefined;
    const bytes = Math.floor((this.bytes * end) / events.length);
    this.events = events.slice(end);
    this.bytes -= bytes;
    return { events: events.slice(0, end), bytes };
  }

  /** Whether the response has become larger than any may be. */
  get tooLarge(): boolean {
    return this.bytes > MAX_BYTES;
  }
}
