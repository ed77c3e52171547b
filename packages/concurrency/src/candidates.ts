import type { KeyValue, WatchEvent } from '@etcdts/core';

/** The leader at a revision: `kv` is `undefined` if nobody leads. */
export interface Standing {
  readonly kv: KeyValue | undefined;
  readonly revision: bigint;
}

/**
 * The candidates of one election, oldest first. A key that is created is newer than all others, so that a map in the order of
 * insertion is in the order of create revisions.
 */
export class Candidates {
  readonly #kvs = new Map<string, KeyValue>();

  /** Replaces all candidates by a list in the order of create revisions. */
  list(kvs: readonly KeyValue[]): void {
    this.#kvs.clear();
    for (const kv of kvs) this.#kvs.set(name(kv), kv);
  }

  /** The oldest candidate. */
  get leader(): KeyValue | undefined {
    return this.#kvs.values().next().value;
  }

  /** Applies the events of a watch's response, and returns the leader after each of its revisions. */
  *apply(events: readonly WatchEvent[]): Generator<Standing, undefined> {
    for (const [index, event] of events.entries()) {
      this.#change(event);
      const revision = event.kv.modRevision;
      // Between two events of one revision the election was never in the state that they would show.
      if (events[index + 1]?.kv.modRevision !== revision) yield { kv: this.leader, revision };
    }
  }

  #change({ type, kv }: WatchEvent): void {
    if (type === 'put') this.#kvs.set(name(kv), kv);
    else this.#kvs.delete(name(kv));
  }
}

function name({ key }: KeyValue): string {
  return key.toString('latin1');
}
