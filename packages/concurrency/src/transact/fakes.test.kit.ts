import {
  createClient,
  type EtcdOperations,
  type GetOp,
  type KeyValue,
  type Op,
  type ResponseHeader,
} from '@etcdts/core';
import {
  keyValue,
  wrapClient,
  type KVService,
  type RangeRequest,
  type RangeResponse,
  type ResponseOp,
  type TxnRequest,
  type TxnResponseMessage,
} from '@etcdts/core/plugin';
import { EtcdError, type Compare } from '@etcdts/core';

/** A key that is put or, with the value `undefined`, deleted. */
interface Write {
  readonly key: string;
  readonly value: string | undefined;
  readonly lease: bigint;
}

/** A request as the fake has received it. */
export type Sent =
  { readonly range: RangeRequest; readonly txn?: undefined } | { readonly txn: TxnRequest; readonly range?: undefined };

/** A store with a history, and a client of it. It does what a single etcd does with gets, puts, deletes and transactions. */
export class FakeEtcd {
  readonly client: EtcdOperations;
  /** Everything that was sent, in order. */
  readonly sent: Sent[] = [];
  /** Called with each request before it is executed: it may wait, write or throw. */
  before: (sent: Sent, index: number) => Promise<void> | void = () => {};
  /** Called after a request was executed: what it throws takes the place of the answer. */
  after: (sent: Sent) => void = () => {};
  compacted = 0n;
  /** The store after each revision. */
  readonly #states: ReadonlyMap<string, KeyValue>[] = [new Map()];

  constructor() {
    const service = {
      range: (range: RangeRequest) => this.#run({ range }, () => this.#range(range)),
      txn: (txn: TxnRequest) => this.#run({ txn }, () => this.#txn(txn)),
    };
    this.client = wrapClient(createClient({ endpoints: '127.0.0.1:1' }), { kv: () => service as unknown as KVService });
  }

  get revision(): bigint {
    return BigInt(this.#states.length - 1);
  }

  /** The present values, by key. */
  get values(): Record<string, string> {
    return Object.fromEntries([...this.#now].map(([key, kv]) => [key, kv.text()]));
  }

  /** What somebody else writes. `undefined` deletes. */
  write(values: Readonly<Record<string, string | undefined>>): void {
    this.#apply(Object.entries(values).map(([key, value]) => ({ key, value, lease: 0n })));
  }

  get #now(): ReadonlyMap<string, KeyValue> {
    return this.#states.at(-1) as ReadonlyMap<string, KeyValue>;
  }

  get #header(): ResponseHeader {
    return { clusterId: 1n, memberId: 1n, revision: this.revision, raftTerm: 1n };
  }

  async #run<T>(sent: Sent, execute: () => T): Promise<T> {
    this.sent.push(sent);
    await this.before(sent, this.sent.length - 1);
    const answer = execute();
    this.after(sent);
    return answer;
  }

  #apply(writes: readonly Write[]): void {
    const revision = this.revision + 1n;
    const next = new Map(this.#now);
    for (const { key, value, lease } of writes) {
      const old = next.get(key);
      next.delete(key);
      if (value === undefined) continue;
      const version = (old?.version ?? 0) + 1;
      const bytes = { key: Buffer.from(key, 'latin1'), value: Buffer.from(value) };
      next.set(
        key,
        keyValue({ ...bytes, createRevision: old?.createRevision ?? revision, modRevision: revision, version, lease }),
      );
    }
    this.#states.push(next);
  }

  #range({ key, rangeEnd, limit = 0, revision = 0n }: RangeRequest): RangeResponse {
    if (revision > 0n && revision < this.compacted) throw failure('COMPACTED');
    const state = this.#states[Number(revision)] as ReadonlyMap<string, KeyValue>;
    const kvs = within(revision > 0n ? state : this.#now, key, rangeEnd);
    const cut = limit > 0 && kvs.length > limit;
    return { header: this.#header, kvs: cut ? kvs.slice(0, limit) : kvs, more: cut, count: kvs.length };
  }

  #txn({ compare, success, failure: otherwise }: TxnRequest): TxnResponseMessage {
    if (Math.max(compare.length, success.length, otherwise.length) > 128) throw failure('TOO_MANY_OPS');
    const succeeded = compare.every((one) => this.#holds(one));
    const ops = succeeded ? success : otherwise;
    const writes = ops.flatMap((op): Write[] => {
      const key = Buffer.from((op as GetOp).request.key).toString('latin1');
      if (op.type === 'put')
        return [{ key, value: Buffer.from(op.request.value).toString(), lease: op.request.lease ?? 0n }];
      return op.type === 'delete' && this.#now.has(key) ? [{ key, value: undefined, lease: 0n }] : [];
    });
    const responses = ops.map((op) => this.#answer(op));
    if (writes.length > 0) this.#apply(writes);
    return { header: this.#header, succeeded, responses };
  }

  #answer(op: Op): ResponseOp {
    if (op.type === 'get') return { type: 'get', response: this.#range(op.request) };
    const response = { header: this.#header, prevKvs: [], deleted: 1 };
    return { type: op.type, response } as unknown as ResponseOp;
  }

  #holds({ key, rangeEnd, target, result, operand }: Compare): boolean {
    if (target !== 'modRevision') throw new Error(`the fake does not compare ${target}`);
    const kvs = within(this.#now, key, rangeEnd);
    const revisions = kvs.length === 0 && rangeEnd === undefined ? [0n] : kvs.map((kv) => kv.modRevision);
    return revisions.every((revision) => (result === '=' ? revision === operand : revision < (operand as bigint)));
  }
}

function within(state: ReadonlyMap<string, KeyValue>, key: Uint8Array, rangeEnd: Uint8Array | undefined): KeyValue[] {
  const inside = (kv: KeyValue): boolean => {
    if (rangeEnd === undefined || rangeEnd.length === 0) return Buffer.compare(kv.key, key) === 0;
    const open = rangeEnd.length === 1 && rangeEnd[0] === 0;
    return Buffer.compare(kv.key, key) >= 0 && (open || Buffer.compare(kv.key, rangeEnd) < 0);
  };
  return [...state.values()].filter(inside).sort((a, b) => Buffer.compare(a.key, b.key));
}

/** An error as etcd's, or one of the network whose outcome is unknown. */
export function failure(code: 'COMPACTED' | 'TOO_MANY_OPS' | 'UNAVAILABLE'): EtcdError {
  return new EtcdError({
    code,
    message: 'a fake failure',
    outcome: code === 'UNAVAILABLE' ? 'unknown' : 'not-applied',
  });
}
