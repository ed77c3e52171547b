import sortedBtree from 'sorted-btree';
import type { Attachments } from '../lease/attachments.ts';
import type { KeyValue } from '../messages.ts';
import { verdict } from '../status.ts';
import { hashOf, KvHashes, type KvHash } from './hash.ts';
import { KeyHistory, type Change } from './key-history.ts';
import { contains, toBytes, toKey, type Key, type KeyRange } from './range.ts';
import type { Space } from './space.ts';

/** The keys of a range at a revision. */
export interface Found {
  readonly kvs: KeyValue[];
  /** The number of keys, including those beyond the limit. */
  readonly count: number;
}

// Node imports a CommonJS module as it is, Bun imports its default export.
type Tree = typeof sortedBtree.default;
const BTree = (sortedBtree as { readonly default?: Tree }).default ?? (sortedBtree as unknown as Tree);
const byBytes = (a: Key, b: Key): number => (a < b ? -1 : a > b ? 1 : 0);
const NOTHING = Buffer.alloc(0);
/** About how many bytes etcd's database needs for a change beside its key and value: a revision, numbers, and a place in a page. */
const CHANGE_BYTES = 48;

/**
 * The multi-version store (mvcc/kvstore.go). It has every change of every key since the last compaction, readable at each revision.
 * A write is a transaction: all its changes have one revision and differ in their index.
 */
export class Store {
  readonly #index = new BTree<Key, KeyHistory>(undefined, byBytes);
  readonly #attachments: Attachments;
  readonly #notify: (revision: number, changes: readonly Change[]) => void;
  readonly #space: Space;
  readonly #hashes = new KvHashes();
  /** Every change, in order. */
  #log: Change[] = [];
  #pending: Change[] | undefined;
  #revision = 1;
  #compactRevision = -1;

  /** `notify` is called after each write that changed something. `space` is that of the database. */
  constructor(attachments: Attachments, space: Space, notify: (revision: number, changes: readonly Change[]) => void) {
    this.#attachments = attachments;
    this.#space = space;
    this.#notify = notify;
  }

  /** The revision that reads see. Inside a write with changes, it is the revision of these changes. */
  get revision(): number {
    return this.#revision + (this.#pending?.length ? 1 : 0);
  }

  /** The revision of the last compaction; -1 before the first. */
  get compactRevision(): number {
    return this.#compactRevision;
  }

  /** Runs a transaction. All its changes have the next revision. */
  write<T>(transaction: () => T): T {
    const changes: Change[] = [];
    this.#pending = changes;
    try {
      return transaction();
    } finally {
      this.#pending = undefined;
      if (changes.length > 0) {
        this.#revision++;
        for (const change of changes) this.#log.push(change);
        this.#notify(this.#revision, changes);
      }
    }
  }

  /** Reads a range at a revision; 0 or less is the present one. Throws for a compacted and for a future revision. */
  range(range: KeyRange, revision: bigint | number = 0, limit = 0, countOnly = false): Found {
    const now = this.revision;
    if (revision > now) throw verdict('FUTURE_REV');
    const at = revision <= 0 ? now : Number(revision);
    if (at < this.#compactRevision) throw verdict('COMPACTED');
    const kvs: KeyValue[] = [];
    let count = 0;
    this.#visit(range, (history) => {
      const change = history.at(at);
      if (change === undefined) return;
      count++;
      if (!countOnly && (limit === 0 || kvs.length < limit)) kvs.push(change.kv);
    });
    return { kvs, count };
  }

  /** Returns a key as it is now. */
  get(key: Key): KeyValue | undefined {
    return this.#index.get(key)?.at(this.revision)?.kv;
  }

  /** Returns a key as it was at a revision; `undefined` if that is compacted. */
  getAt(key: Key, revision: number): KeyValue | undefined {
    return revision < this.#compactRevision ? undefined : this.#index.get(key)?.at(revision)?.kv;
  }

  /** Writes a key; only inside a write. */
  put(key: Key, value: Buffer, lease: bigint): void {
    const main = this.#revision + 1;
    const old = this.#index.get(key)?.at(main)?.kv;
    const createRevision = old?.createRevision ?? main;
    const version = (old?.version ?? 0) + 1;
    // A copy, since the value is a part of the message that it came in, and would hold all of that.
    const bytes = Buffer.allocUnsafe(key.length + value.length);
    bytes.write(key, 'latin1');
    bytes.set(value, key.length);
    const [keyBytes, copy] = [bytes.subarray(0, key.length), bytes.subarray(key.length)];
    this.#add(key, { key: keyBytes, createRevision, modRevision: main, version, value: copy, lease }, false);
    this.#attachments.attach(key, lease);
  }

  /** Deletes the keys of a range and returns how many there were; only inside a write. */
  deleteRange(range: KeyRange): number {
    const { kvs } = this.range(range);
    const modRevision = this.#revision + 1;
    for (const { key: bytes } of kvs) {
      const key = toKey(bytes);
      const kv = { key: toBytes(key), createRevision: 0, modRevision, version: 0, value: NOTHING, lease: 0n };
      this.#add(key, kv, true);
      this.#attachments.attach(key, 0n);
    }
    return kvs.length;
  }

  /** Drops what cannot be read at or after the revision. */
  compact(revision: bigint): void {
    if (revision <= this.#compactRevision) throw verdict('COMPACTED');
    if (revision > this.#revision) throw verdict('FUTURE_REV');
    const at = Number(revision);
    const kept = new Set<Change>();
    const empty: Key[] = [];
    this.#index.forEachPair((key, history) => {
      const change = history.compact(at);
      if (change !== undefined) kept.add(change);
      if (history.isEmpty) empty.push(key);
    });
    this.#index.deleteKeys(empty);
    this.#hashes.add(hashOf(this.#log, at, this.#compactRevision, kept));
    this.#compactRevision = at;
    this.#log = this.#log.filter((change) => {
      if (change.main > at || kept.has(change)) return true;
      this.#space.free(sizeOf(change));
      return false;
    });
  }

  /** The changes of a range from a revision on, in order. */
  *changesSince(range: KeyRange, revision: number): Iterable<Change> {
    if (range.end === undefined) {
      yield* this.#index.get(range.key)?.since(revision) ?? [];
      return;
    }
    for (let i = this.#firstSince(revision); i < this.#log.length; i++) {
      const change = this.#log[i] as Change;
      if (contains(range, toKey(change.kv.key))) yield change;
    }
  }

  /** Returns etcd's checksum of the history up to a revision; 0 is the present one. Throws as `range` does. */
  hashKv(revision: bigint): KvHash {
    const known = this.#hashes.get(Number(revision));
    if (known !== undefined) return known;
    if (revision > 0n && revision < this.#compactRevision) throw verdict('COMPACTED');
    if (revision > this.#revision) throw verdict('FUTURE_REV');
    const at = revision === 0n ? this.#revision : Number(revision);
    const kept = new Set<Change>();
    this.#index.forEachPair((_, history) => {
      const change = history.kept(at);
      if (change !== undefined) kept.add(change);
    });
    return hashOf(this.#log, at, this.#compactRevision, kept);
  }

  /** Every change that is left, in order. */
  get changes(): readonly Change[] {
    return this.#log;
  }

  #add(key: Key, kv: KeyValue, deleted: boolean): void {
    const changes = this.#pending as Change[];
    const change = { main: kv.modRevision, sub: changes.length, kv, deleted };
    let history = this.#index.get(key);
    if (history === undefined) this.#index.set(key, (history = new KeyHistory()));
    history.add(change);
    changes.push(change);
    this.#space.take(sizeOf(change));
  }

  #visit({ key, end }: KeyRange, visit: (history: KeyHistory) => void): void {
    if (end === undefined) {
      const history = this.#index.get(key);
      if (history !== undefined) visit(history);
      return;
    }
    const last = end === '' ? this.#index.maxKey() : end;
    if (last !== undefined) this.#index.forRange(key, last, end === '', (_, history) => visit(history));
  }

  #firstSince(revision: number): number {
    let [low, high] = [0, this.#log.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#log[middle] as Change).main < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function sizeOf({ kv }: Change): number {
  return kv.key.length + kv.value.length + CHANGE_BYTES;
}
