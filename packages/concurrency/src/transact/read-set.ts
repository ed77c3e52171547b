import { compare, op, type Compare, type GetOp, type KeyValue } from '@etcdts/core';

/** The largest number of keys of a range in a transaction. Each of them is a condition of the commit. */
export const MAX_RANGE_KEYS = 100;

/** A key as it was read: the key value, or `undefined` if the key was missing, and a revision as of which that is so. */
export interface Read {
  readonly key: Buffer;
  readonly kv: KeyValue | undefined;
  readonly revision: bigint;
}

/** A range as it was read. The end `"\0"` means that there is none. */
export interface RangeRead {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
  readonly kvs: readonly KeyValue[];
  readonly revision: bigint;
}

/** The identity of a key: one character for each byte, since two keys may be one text. */
export function idOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

/** The identity of a range. */
export function rangeId(key: Buffer, rangeEnd: Buffer): string {
  return `${key.length} ${idOf(key)} ${idOf(rangeEnd)}`;
}

/** Whether a range holds a key. */
export function covers({ key, rangeEnd }: Pick<RangeRead, 'key' | 'rangeEnd'>, one: Uint8Array): boolean {
  const open = rangeEnd.length === 1 && rangeEnd[0] === 0;
  return Buffer.compare(one, key) >= 0 && (open || Buffer.compare(one, rangeEnd) < 0);
}

/** What an attempt has read. The first read of a key counts, alone or in a range: later ones do not replace it. */
export class ReadSet {
  readonly #keys: Map<string, Read> = new Map();
  readonly #ranges: Map<string, RangeRead> = new Map();

  /** How a key was read; `undefined` if it was not. */
  find(key: Buffer): Read | undefined {
    const read = this.#keys.get(idOf(key));
    if (read !== undefined) return read;
    for (const range of this.#ranges.values()) {
      if (covers(range, key)) return { key, kv: range.kvs.find((kv) => kv.key.equals(key)), revision: range.revision };
    }
    return undefined;
  }

  /** A range, as it was read; `undefined` if it was not. */
  findRange(key: Buffer, rangeEnd: Buffer): RangeRead | undefined {
    return this.#ranges.get(rangeId(key, rangeEnd));
  }

  /** Adds a key, unless it was read before, and returns how it counts as read. */
  add(read: Read): Read {
    const known = this.find(read.key);
    if (known === undefined) this.#keys.set(idOf(read.key), read);
    return known ?? read;
  }

  /** Adds a range, unless it was read before, and returns how it counts as read: keys that were read before are as then. */
  addRange(range: RangeRead): RangeRead {
    const known = this.findRange(range.key, range.rangeEnd);
    if (known !== undefined) return known;
    const earlier = new Map<string, KeyValue>();
    for (const { kvs } of this.#ranges.values()) for (const kv of kvs) earlier.set(idOf(kv.key), kv);
    for (const [id, { kv }] of this.#keys) if (kv !== undefined) earlier.set(id, kv);
    const added = range.kvs.filter(({ key }) => this.find(key) === undefined);
    const kvs = [...added, ...[...earlier.values()].filter(({ key }) => covers(range, key))];
    const read = { ...range, kvs };
    this.#ranges.set(rangeId(range.key, range.rangeEnd), read);
    return read;
  }

  /** Whether nothing was read. */
  get empty(): boolean {
    return this.#keys.size + this.#ranges.size === 0;
  }

  /** The lowest revision among the reads; `undefined` without reads. */
  get base(): bigint | undefined {
    let base: bigint | undefined;
    for (const { revision } of [...this.#keys.values(), ...this.#ranges.values()])
      if (base === undefined || revision < base) base = revision;
    return base;
  }

  /** Each key that was read or seen in a range, with the mod revision that it had: 0 if it was missing. */
  modRevisions(): Map<string, { readonly key: Buffer; readonly modRevision: bigint }> {
    const seen = new Map<string, { key: Buffer; modRevision: bigint }>();
    for (const { kvs } of this.#ranges.values())
      for (const { key, modRevision } of kvs) seen.set(idOf(key), { key, modRevision });
    for (const [id, { key, kv }] of this.#keys) seen.set(id, { key, modRevision: kv?.modRevision ?? 0n });
    return seen;
  }

  /**
   * The conditions that nobody has changed what was read. In a range, a deletion changes the mod revision of a key that was seen
   * to 0, and an added key has one above the range's revision.
   */
  conditions(): Compare[] {
    const keys = [...this.modRevisions().values()].map((one) => compare.modRevision(one.key, '=', one.modRevision));
    const ranges = [...this.#ranges.values()].map(({ key, rangeEnd, revision }) =>
      compare.modRevision(key, '<', revision + 1n, { rangeEnd }),
    );
    return [...keys, ...ranges];
  }

  /** The operations that read everything anew, and what makes a read set of their answers, all of one revision. */
  again(): { readonly ops: GetOp[]; readonly known: (answers: readonly Answer[], revision: bigint) => ReadSet } {
    const keys = [...this.#keys.values()];
    const ranges = [...this.#ranges.values()];
    return {
      ops: [...keys.map(({ key }) => op.get(key)), ...ranges.map(({ key, rangeEnd }) => rangeOp(key, rangeEnd))],
      known: (answers, revision) => {
        const set = new ReadSet();
        keys.forEach(({ key }, i) => set.add({ key, kv: answers[i]?.kvs[0], revision }));
        ranges.forEach(({ key, rangeEnd }, i) => {
          const answer = answers[keys.length + i];
          // A range that has become too large is read again by the body, which fails then.
          if (answer !== undefined && !answer.more) set.addRange({ key, rangeEnd, kvs: answer.kvs, revision });
        });
        return set;
      },
    };
  }
}

/** What a read set needs of the answer to a get. */
export interface Answer {
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
}

/** The get of a range, at a revision if given. */
export function rangeOp(key: Buffer, rangeEnd: Buffer, revision?: bigint): GetOp {
  return op.get(key, { rangeEnd, limit: MAX_RANGE_KEYS, revision });
}
