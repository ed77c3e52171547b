import type { KeyValue, ResponseHeader, WatchEvent } from '@etcdts/core';
import { plainMessage } from '@etcdts/core/plugin';
import { isSameKeyValue, isSameVersion, type Delta, type Entries, type Entry } from './entry.ts';
import { Untrue } from './errors.ts';
import { History } from './history.ts';
import { differences, loaded, ordered, placeOf, type Ordered } from './ordered.ts';
import { SharedResults } from './shared-results.ts';

/** A range of etcd in memory, as of one revision, and what happened to it lately. It changes by whole revisions. */
export class Store<T> {
  readonly #entries: Entries<T>;
  readonly #limit: number;
  #state: Ordered<Entry<T>> = ordered();
  /** The same without an order, because a hash finds a key in a tenth of the time. */
  #byPlace: Map<string, Entry<T>> = new Map();
  /** A base that is not complete, in order. */
  #base: Map<string, Entry<T>> = new Map();
  #shared: { readonly header: ResponseHeader | undefined; readonly own: ResponseHeader } | undefined;
  /** Everything up to it is here. */
  revision = 0n;
  /** Grows by one with each change: a base, a message of events, a bookmark. */
  version = 0;
  /** The last header that came with a base, events or a bookmark; `undefined` before the first base. */
  header: ResponseHeader | undefined;
  history: History<T>;
  readonly sharedResults: SharedResults = new SharedResults();
  /** Grows if the store becomes another one, whose revisions mean nothing to those before. */
  epoch = 0;

  constructor(entries: Entries<T>, limit: number) {
    this.#entries = entries;
    this.#limit = limit;
    this.history = new History(limit, 0n, this.#state);
  }

  get state(): Ordered<Entry<T>> {
    return this.#state;
  }

  /** What the state has at a place. */
  at(place: string): Entry<T> | undefined {
    return this.#byPlace.get(place);
  }

  /** The header of an answer of this copy. There must have been a base. */
  ownHeader(): ResponseHeader {
    const { clusterId, memberId, raftTerm } = this.header as ResponseHeader;
    return plainMessage({ clusterId, memberId, revision: this.revision, raftTerm });
  }

  /** The same for all watches that are at one revision, of which there may be thousands. */
  sharedHeader(): ResponseHeader {
    if (this.#shared?.header !== this.header || this.#shared?.own.revision !== this.revision)
      this.#shared = { header: this.header, own: this.ownHeader() };
    return (this.#shared as { readonly own: ResponseHeader }).own;
  }

  /** Forgets what a new base had so far. */
  beginBase(): void {
    this.#base = new Map();
  }

  /** Adds keys of a new base. What the state has in the same version is not parsed again. */
  addToBase(kvs: readonly KeyValue[]): void {
    for (const kv of kvs) {
      const place = placeOf(kv.key);
      const known = this.#byPlace.get(place);
      const same = known !== undefined && isSameKeyValue(known, { kv, value: undefined, valid: false });
      this.#base.set(place, same ? known : this.#entries.of(kv));
    }
  }

  /**
   * The new base is complete, and takes the place of the state. The difference to an earlier base is one moment: puts with their own
   * revisions, deletions with that of the base. `reset` is whether it is of another store.
   */
  completeBase(revision: bigint, header: ResponseHeader, reset: boolean): void {
    this.version += 1;
    const before = this.#state;
    const after = loaded([...this.#base.keys()], [...this.#base.values()]);
    const first = this.header === undefined;
    this.#state = after;
    this.#byPlace = this.#base;
    this.beginBase();
    this.header = header;
    if (first || reset || revision < this.revision) {
      this.epoch += first ? 0 : 1;
      this.revision = revision;
      this.history = new History(this.#limit, revision, after.clone());
      return;
    }
    const deltas: Delta<T>[] = [];
    for (const { place, before: old, after: now } of differences(before, after, isSameVersion))
      deltas.push({ place, before: old, after: now, revision: now?.kv.modRevision ?? revision });
    deltas.sort((a, b) => (a.revision < b.revision ? -1 : a.revision > b.revision ? 1 : 0));
    this.revision = revision;
    this.history.add({ revision, deltas, state: after.clone(), resync: true });
  }

  /** Applies events, each revision as one moment. Throws if they cannot be true of this state, which is wrong then. */
  apply(events: readonly WatchEvent[], header: ResponseHeader): void {
    this.version += 1;
    for (let at = 0; at < events.length;) {
      const revision = (events[at] as WatchEvent).kv.modRevision;
      if (revision <= this.revision)
        throw new Untrue(`an event of revision ${revision} came after revision ${this.revision}`);
      const deltas: Delta<T>[] = [];
      for (; at < events.length && (events[at] as WatchEvent).kv.modRevision === revision; at++)
        deltas.push(this.#change(events[at] as WatchEvent, revision));
      this.revision = revision;
      this.history.add({ revision, deltas, state: this.#state.clone(), resync: false });
    }
    this.header = header;
  }

  /** Everything up to this revision was applied. */
  advance(revision: bigint, header: ResponseHeader): boolean {
    if (revision <= this.revision) return false;
    this.version += 1;
    this.revision = revision;
    this.header = header;
    return true;
  }

  #change({ type, kv }: WatchEvent, revision: bigint): Delta<T> {
    const place = placeOf(kv.key);
    const before = this.#byPlace.get(place);
    if (type === 'put') {
      const after = this.#entries.of(kv);
      this.#state.set(place, after);
      this.#byPlace.set(place, after);
      return { place, before, after, revision };
    }
    if (before === undefined) throw new Untrue(`revision ${revision} deletes a key that is not there`);
    this.#state.delete(place);
    this.#byPlace.delete(place);
    return { place, before, after: undefined, revision };
  }
}
