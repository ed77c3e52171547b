import type { WatchEvent } from '@etcdts/core';
import type { Moment } from './history.ts';

/** The events of the newest revision, made once for all watches with the same request: a thousand of them may get it. */
export class SharedEvents<T> {
  #moment: Moment<T> | undefined;
  readonly #made: Map<string, readonly WatchEvent[]> = new Map();

  /** The events of a moment for requests of one kind. */
  of(moment: Moment<T>, kind: string, make: () => readonly WatchEvent[]): readonly WatchEvent[] {
    if (this.#moment !== moment) {
      this.#made.clear();
      this.#moment = moment;
    }
    let events = this.#made.get(kind);
    if (events === undefined) this.#made.set(kind, (events = make()));
    return events;
  }
}
