// A whole etcd in memory, and the definition of a namespace: the keys that begin with its prefix, without it. Nothing here does
// arithmetic on prefixes. Bytes are latin1 text, which JavaScript compares as etcd does.

import type { CompareSpec, GetSpec, OpSpec, PutSpec, RangeSpec, TxnSpec } from './specs.ts';

/** A key with its value, as the model keeps it and as answers are compared. */
export interface Row {
  readonly key: string;
  readonly value: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly version: number;
  readonly lease: bigint;
}
export type Answer =
  | { readonly rows: readonly Row[]; readonly count: number; readonly more: boolean }
  | { readonly prevKv: Row | undefined }
  | { readonly deleted: number; readonly rows: readonly Row[] }
  | { readonly succeeded: boolean; readonly answers: readonly Answer[] };

/** A change, with the row as it is after it and as it was before. */
export interface Change {
  readonly type: 'put' | 'delete';
  readonly row: Row;
  readonly before: Row | undefined;
}

/** The error of a request that etcd refuses, by code. */
export class Refusal extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** The number of past revisions that can be read. */
const REMEMBERED = 50;

/** Every key of an etcd. */
export class Store {
  revision: bigint;
  rows: Map<string, Row> = new Map();
  readonly changes: Change[] = [];
  readonly #past: Map<bigint, Map<string, Row>> = new Map();

  constructor(revision: bigint) {
    this.revision = revision;
  }

  at(revision: bigint): Map<string, Row> {
    return this.#past.get(revision) ?? this.rows;
  }

  /** The revisions that can be read, the oldest first. */
  get readable(): readonly bigint[] {
    return [...this.#past.keys()];
  }

  /** Runs `change` as one revision, if it changes anything, or not at all, if it throws. */
  commit<T>(change: (revision: bigint) => T): T {
    const before = this.rows;
    const changes = this.changes.length;
    this.rows = new Map(before);
    try {
      const result = change(this.revision + 1n);
      if (this.changes.length > changes) this.#past.set(++this.revision, this.rows);
      else this.rows = before;
      this.#past.delete(this.revision - BigInt(REMEMBERED));
      return result;
    } catch (error) {
      this.rows = before;
      this.changes.length = changes;
      throw error;
    }
  }

  put(row: Row): void {
    this.changes.push({ type: 'put', row, before: this.rows.get(row.key) });
    this.rows.set(row.key, row);
  }

  delete(key: string, revision: bigint): void {
    const row = { key, value: '', createRevision: 0n, modRevision: revision, version: 0, lease: 0n };
    this.changes.push({ type: 'delete', row, before: this.rows.get(key) });
    this.rows.delete(key);
  }
}

/** A namespace of the store, by definition. */
export class View {
  readonly #store: Store;
  readonly #prefix: string;

  constructor(store: Store, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  run(spec: OpSpec): Answer {
    return this.#store.commit((revision) => this.#run(spec, revision));
  }

  /** Deletes every key of a lease, in the whole store. */
  revoke(id: bigint): void {
    this.#store.commit((revision) => {
      for (const row of [...this.#store.rows.values()].sort(byKey)) {
        if (row.lease === id) this.#store.delete(row.key, revision);
      }
    });
  }

  /** The rows in here, by key. */
  rows(revision?: bigint): readonly Row[] {
    const all = revision === undefined ? this.#store.rows : this.#store.at(revision);
    return [...all.values()]
      .filter((row) => this.#has(row.key))
      .map((row) => this.#seen(row))
      .sort(byKey);
  }

  /** The changes in here, in order. */
  changes(): readonly Change[] {
    return this.#store.changes
      .filter(({ row }) => this.#has(row.key))
      .map(({ type, row, before }) => ({ type, row: this.#seen(row), before: before && this.#seen(before) }));
  }

  #has(key: string): boolean {
    return key.startsWith(this.#prefix) && key !== this.#prefix;
  }

  #seen(row: Row): Row {
    return { ...row, key: row.key.slice(this.#prefix.length) };
  }

  #run(spec: OpSpec, revision: bigint): Answer {
    switch (spec.type) {
      case 'get':
        return get(spec, this.rows(spec.revision));
      case 'put':
        return { prevKv: this.#put(spec, revision) };
      case 'delete': {
        const rows = this.rows().filter((row) => selects(spec.range, row.key));
        for (const row of rows) this.#store.delete(this.#prefix + row.key, revision);
        return { deleted: rows.length, rows: spec.prevKv === true ? rows : [] };
      }
      case 'txn': {
        // Every compare of a transaction, nested or not, reads the store as it was before the transaction.
        return this.#txn(spec, revision, this.rows());
      }
    }
  }

  #txn(spec: TxnSpec, revision: bigint, rows: readonly Row[]): Answer {
    const succeeded = spec.compares.every((compare) => holds(compare, rows));
    const branch = succeeded ? spec.then : spec.else;
    const answers = branch.map((each) =>
      each.type === 'txn' ? this.#txn(each, revision, rows) : this.#run(each, revision),
    );
    return { succeeded, answers };
  }

  #put(spec: PutSpec, revision: bigint): Row | undefined {
    const before = this.rows().find(({ key }) => key === spec.key);
    if (before === undefined && (spec.ignoreValue === true || spec.ignoreLease === true)) {
      throw new Refusal('KEY_NOT_FOUND');
    }
    this.#store.put({
      key: this.#prefix + spec.key,
      value: spec.ignoreValue === true ? (before?.value ?? '') : spec.value,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0) + 1,
      lease: spec.ignoreLease === true ? (before?.lease ?? 0n) : (spec.lease ?? 0n),
    });
    return spec.prevKv === true ? before : undefined;
  }
}

function selects({ key, form, rangeEnd = '' }: RangeSpec, candidate: string): boolean {
  if (form === 'one') return candidate === key;
  if (form === 'prefix') return candidate.startsWith(key);
  return candidate >= key && (form === 'fromKey' || rangeEnd === '\0' || candidate < rangeEnd);
}

function get(spec: GetSpec, all: readonly Row[]): Answer {
  const { limit = 0, sort, keysOnly, countOnly } = spec;
  const inRange = all.filter((row) => selects(spec.range, row.key));
  if (countOnly === true) return { rows: [], count: inRange.length, more: false };
  const within = (value: bigint, min = 0n, max = 0n): boolean => value >= min && (max === 0n || value <= max);
  const rows = inRange.filter(
    ({ modRevision, createRevision }) =>
      within(modRevision, spec.minModRevision, spec.maxModRevision) &&
      within(createRevision, spec.minCreateRevision, spec.maxCreateRevision),
  );
  if (sort !== undefined) {
    rows.sort((a, b) => order(a[sort.by], b[sort.by]));
    if (sort.order === 'descend') rows.reverse();
  }
  const cut = limit > 0 ? rows.slice(0, limit) : rows;
  return {
    rows: keysOnly === true ? cut.map((row) => ({ ...row, value: '' })) : cut,
    count: inRange.length,
    more: cut.length < rows.length,
  };
}

function holds({ range, target, result, operand }: CompareSpec, all: readonly Row[]): boolean {
  const rows = all.filter((row) => selects(range, row.key));
  // etcd compares an empty range as one key that never was, which has no value to compare.
  if (rows.length === 0) return target !== 'value' && compares(0n, result, operand);
  return rows.every((row) => compares(target === 'value' ? row.value : BigInt(row[target]), result, operand));
}

function compares(value: bigint | string, result: CompareSpec['result'], operand: bigint | string): boolean {
  const sign = order(value, operand);
  if (result === '=') return sign === 0;
  if (result === '!=') return sign !== 0;
  return result === '<' ? sign < 0 : sign > 0;
}

function order<T extends bigint | string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byKey(a: Row, b: Row): number {
  return order(a.key, b.key);
}
