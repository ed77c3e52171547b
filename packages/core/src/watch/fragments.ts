import type { WatchEvent, WatchResponseMessage } from '../messages.ts';

/** The parts of a response that etcd sends in fragments, until the last one is here. */
export class Fragments {
  events: WatchEvent[] = [];
  bytes = 0;
  /** How many of the events are known to be of one revision. */
  #alike = 0;

  add(message: WatchResponseMessage): void {
    for (const event of message.events) this.events.push(event);
    this.bytes += message.byteLength;
  }

  /**
   * Removes the revisions that are certainly complete: all but the last one, of which more may follow. Returns them with their
   * share of the bytes.
   */
  takeWhole(): { readonly events: readonly WatchEvent[]; readonly bytes: number } | undefined {
    const { events } = this;
    let end = events.length - 1;
    if (end < 0) return undefined;
    const last = (events[end] as WatchEvent).kv.modRevision;
    while (end > 0 && (events[end - 1] as WatchEvent).kv.modRevision === last) {
      if (end <= this.#alike) end = 0;
      else end -= 1;
    }
    this.#alike = events.length - end;
    if (end === 0) return undefined;
    const bytes = Math.floor((this.bytes * end) / events.length);
    this.events = events.slice(end);
    this.bytes -= bytes;
    return { events: events.slice(0, end), bytes };
  }
}
