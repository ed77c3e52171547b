// Random operations; the same seed makes the same ones.
import { seeded } from '@etcdts/testing';
import type { CompareSpec, DeleteSpec, GetSpec, OpSpec, PutSpec, RangeSpec, TxnSpec } from './specs.ts';

/** Random choices from a seed, so that a failure can be repeated. */
export class Random {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seeded(seed);
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** The things to which an operation may refer. */
export interface Surroundings {
  /** Leases that keys can be attached to. */
  readonly leases: readonly bigint[];
  /** Revisions that can be read. */
  readonly revisions: readonly bigint[];
}

// Bytes with which prefix arithmetic may fail: zeros and their neighbours, delimiters, the last bytes.
const BYTES = ['\x00', '\x01', '/', '0', 'a', '\xfe', '\xff'];
const INTEGERS = ['version', 'createRevision', 'modRevision', 'lease'] as const;

/** Makes random operations. */
export class Operations {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  make(around: Surroundings, depth = 0): OpSpec {
    const roll = this.#random.next();
    if (roll < 0.35) return this.#get(around, depth > 0);
    if (roll < 0.7) return this.#put(around);
    if (roll < 0.8 || depth === 3) return this.#delete();
    const txn = this.#txn(around, depth);
    // etcd refuses a key that is written twice; the KV contract covers that.
    return depth === 0 && writesTwice(txn) ? this.make(around) : txn;
  }

  #key(): string {
    return Array.from({ length: this.#random.pick([1, 1, 2, 2, 2, 3]) }, () => this.#random.pick(BYTES)).join('');
  }

  #range(): RangeSpec {
    const form = this.#random.pick(['one', 'prefix', 'fromKey', 'rangeEnd'] as const);
    const key = this.#key();
    if (form !== 'rangeEnd') return { key: form !== 'one' && this.#random.chance(0.2) ? '' : key, form };
    const rangeEnd = this.#random.chance(0.2) ? '\0' : this.#key();
    return rangeEnd === '\0' || rangeEnd > key ? { key, form, rangeEnd } : { key, form: 'one' };
  }

  #get({ revisions }: Surroundings, nested: boolean): GetSpec {
    const random = this.#random;
    const revision = (): bigint => random.pick(revisions);
    return {
      type: 'get',
      range: this.#range(),
      ...(random.chance(0.3) && { limit: random.below(5) }),
      ...(random.chance(0.2) && !nested && revisions.length > 0 && { revision: revision() }),
      ...(random.chance(0.3) && {
        sort: { by: random.pick(SORTS), order: random.pick(['ascend', 'descend'] as const) },
      }),
      ...(random.chance(0.1) && { keysOnly: true }),
      ...(random.chance(0.1) && { countOnly: true }),
      ...(random.chance(0.1) && { serializable: true }),
      ...(random.chance(0.1) && revisions.length > 0 && { minModRevision: revision() }),
      ...(random.chance(0.1) && revisions.length > 0 && { maxModRevision: revision() }),
      ...(random.chance(0.05) && revisions.length > 0 && { minCreateRevision: revision() }),
      ...(random.chance(0.05) && revisions.length > 0 && { maxCreateRevision: revision() }),
    };
  }

  #put({ leases }: Surroundings): PutSpec {
    const random = this.#random;
    const ignoreValue = random.chance(0.1);
    const ignoreLease = random.chance(0.1);
    return {
      type: 'put',
      key: this.#key(),
      value: ignoreValue ? '' : this.#key(),
      ...(leases.length > 0 && !ignoreLease && random.chance(0.3) && { lease: random.pick(leases) }),
      ...(random.chance(0.3) && { prevKv: true }),
      ...(ignoreValue && { ignoreValue }),
      ...(ignoreLease && { ignoreLease }),
    };
  }

  #delete(): DeleteSpec {
    // Most ranges are small, because otherwise the store would soon be empty.
    const range: RangeSpec = this.#random.chance(0.15) ? this.#range() : { key: this.#key(), form: 'one' };
    return { type: 'delete', range, ...(this.#random.chance(0.5) && { prevKv: true }) };
  }

  #txn(around: Surroundings, depth: number): TxnSpec {
    const many = <T>(make: () => T, limit: number): T[] =>
      Array.from({ length: this.#random.below(limit + 1) }, () => make());
    const branch = (): OpSpec[] => many(() => this.make(around, depth + 1), 3);
    return { type: 'txn', compares: many(() => this.#compare(around), 2), then: branch(), else: branch() };
  }

  #compare({ revisions, leases }: Surroundings): CompareSpec {
    const random = this.#random;
    const given = this.#range();
    const range: RangeSpec = given.form === 'fromKey' ? { ...given, form: 'prefix' } : given;
    const result = random.pick(['=', '!=', '<', '>'] as const);
    if (random.chance(0.3)) return { range, target: 'value', result, operand: this.#key() };
    const target = random.pick(INTEGERS);
    const operands =
      target === 'version' ? [0n, 1n, 2n, 3n] : target === 'lease' ? [0n, ...leases] : [0n, ...revisions];
    return { range, target, result, operand: random.pick(operands) };
  }
}

const SORTS = ['key', 'version', 'createRevision', 'modRevision', 'value'] as const;

/** Whether a transaction puts a key twice, or puts one that it deletes. It returns true too often rather than too rarely. */
function writesTwice(txn: TxnSpec): boolean {
  const leaves = (ops: readonly OpSpec[]): (GetSpec | PutSpec | DeleteSpec)[] =>
    ops.flatMap((each) => (each.type === 'txn' ? leaves([...each.then, ...each.else]) : [each]));
  return [txn.then, txn.else].some((branch) => {
    const writes = leaves(branch).filter((each) => each.type !== 'get');
    const puts = writes.flatMap((each) => (each.type === 'put' ? [each.key] : []));
    const wide = writes.some((each) => each.type === 'delete' && each.range.form !== 'one');
    const deletes = writes.flatMap((each) => (each.type === 'delete' ? [each.range.key] : []));
    return new Set(puts).size < puts.length || (puts.length > 0 && (wide || puts.some((key) => deletes.includes(key))));
  });
}
