// Random operations; the same seed makes the same ones. They mostly use keys that exist, and often enough others.
import { isAtLeast, seeded } from '@etcdts/testing';
import type { Message } from '../raw-etcd.ts';

/** One call. */
export interface Operation {
  readonly name: string;
  readonly request: Message;
}

/** The results of earlier operations. */
export interface World {
  revision: number;
  compacted: number;
}

/** Random choices that a seed decides. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seeded(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  times<T>(limit: number, make: () => T): T[] {
    return Array.from({ length: this.below(limit + 1) }, make);
  }
}

// There are twelve keys, because Go sorts no more than that stably.
const KEYS = ['\0', 'a', 'a\0', 'a/1', 'a/2', 'ab', 'b', 'b/1', 'c', 'd', 'ÿ', 'ÿÿ'].map((key) =>
  Buffer.from(key, 'latin1'),
);
const ENDS = [...KEYS, Buffer.alloc(1), Buffer.from('e'), Buffer.from('a0')];
const VALUES = ['', '1', '2', 'value', 'ÿ'].map((value) => Buffer.from(value, 'latin1'));
const LEASES = [1, 2, 3, 4, 5, 6];
const NONE = Buffer.alloc(0);

/** Makes operations. */
export class Generator {
  readonly random: Random;
  readonly #world: World;
  readonly #is36: boolean;
  readonly #is37: boolean;
  readonly #firstRevision: number;

  /** `version` is that of the real etcd. Operations that it lacks, or in which it differs from newer ones, are left out. */
  constructor(seed: number, world: World, version: string) {
    this.random = new Random(seed);
    this.#world = world;
    // Before 3.6 an unknown sort brings down the etcd.
    this.#is36 = isAtLeast(version, '3.6');
    // Since 3.7, ranges can be streamed, and `keysOnly` omits the leases.
    this.#is37 = isAtLeast(version, '3.7');
    // Before 3.5.20 a watch that starts below zero is refused later, or for another reason.
    this.#firstRevision = isAtLeast(version, '3.5.20') ? -1 : 0;
  }

  next(): Operation {
    const { random } = this;
    const roll = random.below(100);
    if (roll < 34) return { name: 'KV.Put', request: this.#put() };
    if (roll < 54) return { name: 'KV.Range', request: this.#range() };
    if (roll < 62) return { name: 'KV.DeleteRange', request: this.#delete() };
    if (roll < 80) return { name: 'KV.Txn', request: this.#txn(2) };
    if (roll < 84) return this.#is37 ? this.#rangeStream() : { name: 'KV.Range', request: this.#range() };
    if (roll < 86) return { name: 'Maintenance.HashKV', request: { revision: this.#revision() } };
    return this.#lease(random.below(16));
  }

  /** A compaction that usually keeps some of the history. */
  compaction(): Operation {
    const { revision, compacted } = this.#world;
    const to = this.random.chance(15) ? this.#revision() : compacted + this.random.below(revision - compacted + 1);
    return { name: 'KV.Compact', request: { revision: to, physical: this.random.chance(50) } };
  }

  watch(ids: readonly unknown[]): Message {
    const { random } = this;
    const [key, rangeEnd] = this.#keys();
    return {
      createRequest: {
        key,
        rangeEnd,
        startRevision: random.chance(50) ? 0 : Math.max(this.#firstRevision, this.#revision()),
        filters: random.times(random.chance(20) ? 2 : 0, () => random.pick(['NOPUT', 'NODELETE'])),
        prevKv: random.chance(50),
        fragment: random.chance(30),
        progressNotify: random.chance(30),
        watchId: random.chance(15) ? random.pick([3, 100, 101, ...ids]) : 0,
      },
    };
  }

  #key(): Buffer {
    return this.random.chance(1) ? NONE : this.random.pick(KEYS);
  }

  #keys(): [Buffer, Buffer] {
    const { random } = this;
    if (random.chance(40)) return [this.#key(), NONE];
    if (random.chance(30)) return [Buffer.alloc(1), Buffer.alloc(1)];
    return [this.#key(), random.pick(ENDS)];
  }

  #revision(): number {
    const { revision, compacted } = this.#world;
    const roll = this.random.below(20);
    if (roll === 0) return -1;
    if (roll === 1) return revision + 1 + this.random.below(3);
    if (roll === 2) return this.random.below(revision + 1);
    return Math.max(1, compacted + this.random.below(revision - compacted + 1));
  }

  #range(): Message {
    const { random } = this;
    const [key, rangeEnd] = this.#keys();
    const filter = (): number => (random.chance(12) ? this.#revision() : 0);
    return {
      key,
      rangeEnd,
      limit: random.chance(30) ? random.below(6) : random.chance(1) ? -1 : 0,
      revision: random.chance(30) ? this.#revision() : 0,
      sortOrder: random.chance(40) ? random.below(3) : random.chance(1) && this.#is36 ? 3 : 0,
      sortTarget: random.chance(40) ? random.below(5) : random.chance(1) && this.#is36 ? 5 : 0,
      serializable: random.chance(20),
      keysOnly: random.chance(15) && this.#is37,
      countOnly: random.chance(10),
      minModRevision: filter(),
      maxModRevision: filter(),
      minCreateRevision: filter(),
      maxCreateRevision: filter(),
    };
  }

  #rangeStream(): Operation {
    const { key, rangeEnd, limit, revision, keysOnly, countOnly, sortOrder } = this.#range();
    return { name: 'KV.RangeStream', request: { key, rangeEnd, limit, revision, keysOnly, countOnly, sortOrder } };
  }

  #put(mayIgnore = true): Message {
    const { random } = this;
    const ignoreValue = mayIgnore && random.chance(6);
    const ignoreLease = mayIgnore && random.chance(6);
    return {
      key: this.#key(),
      value: ignoreValue && random.chance(90) ? NONE : random.pick(VALUES),
      lease: random.chance(ignoreLease ? 5 : 25) ? random.pick(LEASES) : 0,
      prevKv: random.chance(30),
      ignoreValue,
      ignoreLease,
    };
  }

  #delete(mayBeOpen = true): Message {
    const [key, rangeEnd] = this.#keys();
    const closed = !mayBeOpen && rangeEnd.equals(Buffer.alloc(1));
    return { key, rangeEnd: closed ? NONE : rangeEnd, prevKv: this.random.chance(40) };
  }

  #compare(): Message {
    const { random } = this;
    const [key, rangeEnd] = random.chance(70) ? [this.#key(), NONE] : this.#keys();
    const [target, operand] = random.pick([
      ['VERSION', { version: random.below(4) }],
      ['CREATE', { createRevision: random.chance(40) ? 0 : this.#revision() }],
      ['MOD', { modRevision: random.chance(30) ? 0 : this.#revision() }],
      ['VALUE', { value: random.pick(VALUES) }],
      ['LEASE', { lease: random.below(4) }],
      ['VALUE', { version: 1 }],
      ['VERSION', {}],
    ] as const);
    return { key, rangeEnd, target, result: random.pick(['EQUAL', 'GREATER', 'LESS', 'NOT_EQUAL']), ...operand };
  }

  /**
   * A transaction that deletes everything from a key on and then puts one of the keys ignoring its value brings down an
   * etcd, up to 3.7 at least: each has either.
   */
  #txn(depth: number, openDeletes: boolean = this.random.chance(50)): Message {
    const { random } = this;
    const operations = (): Message[] => random.times(3, () => this.#operation(depth, openDeletes));
    return { compare: random.times(2, () => this.#compare()), success: operations(), failure: operations() };
  }

  #operation(depth: number, openDeletes: boolean): Message {
    const roll = this.random.below(20);
    if (roll < 7) return { requestRange: this.#range() };
    if (roll < 13) return { requestPut: this.#put(!openDeletes) };
    if (roll < 16) return { requestDeleteRange: this.#delete(openDeletes) };
    if (depth > 0) return { requestTxn: this.#txn(depth - 1, openDeletes) };
    return roll === 19 && this.random.chance(5) ? {} : { requestPut: this.#put(!openDeletes) };
  }

  #lease(roll: number): Operation {
    const { random } = this;
    const ID = random.pick(LEASES);
    // Long enough that none expires while the test runs.
    if (roll < 6) return { name: 'Lease.LeaseGrant', request: { ID, TTL: this.#ttl() } };
    if (roll < 9) return { name: 'Lease.LeaseRevoke', request: { ID } };
    if (roll < 14) return { name: 'Lease.LeaseTimeToLive', request: { ID, keys: random.chance(70) } };
    return { name: 'Lease.LeaseLeases', request: {} };
  }

  #ttl(): number {
    return this.random.chance(5) ? 9_000_000_001 : 100_000 + this.random.below(1_000_000);
  }
}
