import type { Gate } from '../gate.ts';
import type { Change } from '../store/key-history.ts';
import { contains, toKey, type Key } from '../store/range.ts';
import type { Store } from '../store/store.ts';
import { wanted, type Sink, type Watcher, type Wish } from './watcher.ts';

/** How many past revisions, and about how many bytes, go to a watcher at a time. */
const BATCH_REVISIONS = 1_000;
const BATCH_BYTES = 16 * 2 ** 20;

/**
 * Delivers changes to the watchers (mvcc/watchable_store.go). Synced watchers get each write at once. Watchers that start in the
 * past, and those whose stream is congested, read the store's history when their stream has room, so that a client that does not
 * read costs no memory.
 */
export class WatchHub {
  readonly #byKey = new Map<Key, Set<Watcher>>();
  readonly #ranges = new Set<Watcher>();
  readonly #unsynced = new Set<Watcher>();
  readonly #store: Store;
  readonly #gate: Gate;
  #pass: NodeJS.Immediate | undefined;

  constructor(store: Store, gate: Gate) {
    this.#store = store;
    this.#gate = gate;
  }

  watch(wish: Wish, sink: Sink): Watcher {
    const now = this.#store.revision;
    const { startRevision } = wish;
    const synced = startRevision === 0 || startRevision > now;
    const minRevision = synced ? Math.max(now + 1, startRevision) : startRevision;
    const watcher: Watcher = { ...wish, sink, minRevision, state: 'unsynced' };
    if (synced) this.#sync(watcher);
    else this.#unsync(watcher);
    return watcher;
  }

  /** The number of watchers. */
  get size(): number {
    let byKey = 0;
    for (const watchers of this.#byKey.values()) byKey += watchers.size;
    return byKey + this.#ranges.size + this.#unsynced.size;
  }

  cancel(watcher: Watcher): void {
    this.#unsynced.delete(watcher);
    this.#leave(watcher);
  }

  /** Whether all of them have received everything, and none waits for its start. */
  allSynced(watchers: Iterable<Watcher>): boolean {
    const { revision } = this.#store;
    for (const { state, startRevision } of watchers) if (state !== 'synced' || startRevision > revision) return false;
    return true;
  }

  /** Delivers the changes of a write. */
  notify(revision: number, changes: readonly Change[]): void {
    for (const [watcher, seen] of this.#watchersOf(changes)) {
      if (revision < watcher.minRevision) continue;
      if (watcher.sink.congested) {
        watcher.minRevision = revision;
        this.#leave(watcher);
        this.#unsync(watcher);
      } else {
        watcher.minRevision = revision + 1;
        this.#deliver(watcher, revision, seen);
      }
    }
  }

  /** Delivers past changes to the unsynced watchers, as far as their streams have room. */
  catchUp(): void {
    if (this.#unsynced.size > 0) this.#pass ??= setImmediate(() => this.#gate.pass(() => this.#catchUp()));
  }

  close(): void {
    clearImmediate(this.#pass);
    this.#unsynced.clear();
  }

  #catchUp(): void {
    this.#pass = undefined;
    let more = false;
    for (const watcher of this.#unsynced) {
      if (!watcher.sink.congested) more = !this.#batch(watcher) || more;
    }
    if (more) this.catchUp();
  }

  /** Delivers the next past changes. Returns whether these were all. */
  #batch(watcher: Watcher): boolean {
    const { revision, compactRevision } = this.#store;
    if (watcher.minRevision < compactRevision) {
      this.#unsynced.delete(watcher);
      watcher.state = 'compacted';
      watcher.sink.deliver(watcher, { revision: 0, compactRevision });
      return true;
    }
    const { changes, next } = this.#read(watcher);
    watcher.minRevision = next ?? revision + 1;
    if (next === undefined) {
      this.#unsynced.delete(watcher);
      this.#sync(watcher);
    }
    this.#deliver(watcher, revision, changes);
    return next === undefined;
  }

  /** Reads the next past changes, in whole revisions, and the revision after them, if there is one. */
  #read({ range, minRevision }: Watcher): { changes: Change[]; next: number | undefined } {
    const changes: Change[] = [];
    let [revisions, bytes, last] = [0, 0, 0];
    for (const change of this.#store.changesSince(range, minRevision)) {
      if (change.main !== last) {
        if (revisions === BATCH_REVISIONS || bytes >= BATCH_BYTES) return { changes, next: change.main };
        revisions++;
        last = change.main;
      }
      bytes += change.kv.key.length + change.kv.value.length;
      changes.push(change);
    }
    return { changes, next: undefined };
  }

  #deliver(watcher: Watcher, revision: number, seen: readonly Change[]): void {
    const changes = wanted(watcher, seen);
    if (changes.length > 0) watcher.sink.deliver(watcher, { revision, changes });
  }

  #watchersOf(changes: readonly Change[]): Map<Watcher, Change[]> {
    const found = new Map<Watcher, Change[]>();
    const add = (watcher: Watcher, change: Change): void => {
      const seen = found.get(watcher);
      if (seen === undefined) found.set(watcher, [change]);
      else seen.push(change);
    };
    for (const change of changes) {
      const key = toKey(change.kv.key);
      for (const watcher of this.#byKey.get(key) ?? []) add(watcher, change);
      for (const watcher of this.#ranges) if (contains(watcher.range, key)) add(watcher, change);
    }
    return found;
  }

  #sync(watcher: Watcher): void {
    watcher.state = 'synced';
    const { key, end } = watcher.range;
    if (end !== undefined) {
      this.#ranges.add(watcher);
      return;
    }
    const watchers = this.#byKey.get(key) ?? new Set();
    this.#byKey.set(key, watchers.add(watcher));
  }

  #unsync(watcher: Watcher): void {
    watcher.state = 'unsynced';
    this.#unsynced.add(watcher);
    this.catchUp();
  }

  #leave(watcher: Watcher): void {
    const { key, end } = watcher.range;
    if (end !== undefined) {
      this.#ranges.delete(watcher);
      return;
    }
    const watchers = this.#byKey.get(key);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#byKey.delete(key);
  }
}
