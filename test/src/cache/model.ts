import { op, type EtcdClient, type Op } from '@etcdts/core';
import { assert } from '@etcdts/testing';

/** What a revision did to keys: their values, or `undefined` for deleted ones. */
type Deltas = ReadonlyMap<string, string | undefined>;

/** What etcd has after each revision, worked out from the writes of its one writer. */
export class Model {
  readonly revisions: Map<bigint, Deltas> = new Map();
  readonly current: Map<string, string> = new Map();
  revision = 0n;
  readonly #client: EtcdClient;
  readonly #prefix: string;
  readonly #random: () => number;
  #writes = 0;

  constructor(client: EtcdClient, prefix: string, random: () => number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#random = random;
  }

  /** Writes something: a put, a deletion of a key or a range, a transaction, or a key that the copy does not have. */
  async write(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.5) return this.#run([this.#put()]);
    if (dice < 0.65) return this.#run([op.delete(this.#key())]);
    if (dice < 0.7) return this.#run([op.delete(`${this.#prefix}${this.#digit()}`, { prefix: true })]);
    if (dice < 0.8) {
      const { header } = await this.#client.kv.put('outside of the model', String(this.#writes++));
      return this.#record(header.revision, new Map());
    }
    const ops = new Map<string, Op>();
    for (let i = Math.floor(this.#random() * 8); i >= 0; i--) {
      const key = this.#key();
      ops.set(key, this.#random() < 0.7 ? op.put(key, String(this.#writes++)) : op.delete(key));
    }
    return this.#run([...ops.values()]);
  }

  async #run(ops: readonly Op[]): Promise<void> {
    const { header } = await this.#client.kv.txn({ then: ops });
    const deltas = new Map<string, string | undefined>();
    for (const one of ops) {
      const { request } = one as Exclude<Op, { type: 'txn' }>;
      const key = request.key.toString();
      if (one.type === 'put') deltas.set(key, one.request.value.toString());
      else if (one.type === 'delete' && one.request.rangeEnd === undefined)
        this.#deleted(deltas, (name) => name === key);
      else this.#deleted(deltas, (name) => name.startsWith(key));
    }
    // A transaction that changes nothing makes no revision.
    if (header.revision > this.revision) this.#record(header.revision, deltas);
  }

  #deleted(deltas: Map<string, string | undefined>, goes: (key: string) => boolean): void {
    for (const key of this.current.keys()) if (goes(key)) deltas.set(key, undefined);
  }

  #record(revision: bigint, deltas: Deltas): void {
    assert.is(this.revision === 0n ? revision : this.revision + 1n, revision, 'there is one writer');
    this.revision = revision;
    this.revisions.set(revision, deltas);
    apply(this.current, deltas);
  }

  #put(): Op {
    return op.put(this.#key(), String(this.#writes++));
  }

  #digit(): number {
    return Math.floor(this.#random() * 10);
  }

  #key(): string {
    return `${this.#prefix}${this.#digit()}${this.#digit()}`;
  }
}

/** The state of a model at a revision that moves forward. */
export class ModelState {
  readonly #model: Model;
  readonly state: Map<string, string> = new Map();
  #revision: bigint | undefined;

  constructor(model: Model) {
    this.#model = model;
  }

  at(revision: bigint): Map<string, string> {
    let next = this.#revision ?? [...this.#model.revisions.keys()][0] ?? 0n;
    for (; next <= revision; next++) apply(this.state, this.#model.revisions.get(next) ?? new Map());
    this.#revision = next;
    return this.state;
  }
}

function apply(state: Map<string, string>, deltas: Deltas): void {
  for (const [key, value] of deltas) {
    if (value === undefined) state.delete(key);
    else state.set(key, value);
  }
}

/** A map as comparable text. */
export function textOf(state: ReadonlyMap<string, string>): string {
  return [...state]
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(' ');
}
