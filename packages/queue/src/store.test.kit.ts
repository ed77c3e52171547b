import { createClient, EtcdError, type Compare, type EtcdClient, type EtcdOperations, type Op } from '@etcdts/core';
import { keyValue, wrapClient, type KVService, type TxnRequest } from '@etcdts/core/plugin';

type Answer = Awaited<ReturnType<KVService['txn']>>;

/** What happens to a transaction: `late` is applied when a later one is sent, or by `arrive()`, after it has failed. */
export type Fate = 'answered' | 'lost reply' | 'lost request' | 'late' | 'refused';

/** A store in memory with etcd's transactions on single keys, whose answers get lost. */
export class Store {
  readonly keys: Map<string, { value: Buffer; createRevision: bigint; modRevision: bigint }> = new Map();
  readonly requests: TxnRequest[] = [];
  revision = 1n;
  /** Decides on each transaction. */
  fate: (request: TxnRequest) => Fate = () => 'answered';
  /** Whether late requests may arrive by themselves. */
  arrives = true;
  readonly #late: TxnRequest[] = [];

  /** A client whose transactions go to the store. Leases are ids only. */
  client(): { readonly operations: EtcdOperations; readonly client: EtcdClient } {
    const client = createClient({ endpoints: '127.0.0.1:1' });
    const operations = wrapClient(client, { kv: (next) => ({ ...next, txn: (request) => this.#send(request) }) });
    return { operations, client };
  }

  /** The requests that were late arrive. */
  arrive(): void {
    for (const request of this.#late.splice(0)) this.#apply(request);
  }

  async #send(request: TxnRequest): Promise<Answer> {
    this.requests.push(request);
    if (this.arrives && Math.random() < 0.5) this.arrive();
    const fate = this.fate(request);
    if (fate === 'late') this.#late.push(request);
    const answer = fate === 'answered' || fate === 'lost reply' ? this.#apply(request) : undefined;
    if (fate === 'answered') return answer as Answer;
    const outcome = fate === 'refused' ? 'not-applied' : 'unknown';
    throw new EtcdError({ code: 'UNAVAILABLE', message: fate, outcome });
  }

  #apply(request: TxnRequest): Answer {
    const next = this.revision + 1n;
    const answer = this.#run(request, next);
    return { ...answer, header: this.#header() };
  }

  #header(): Answer['header'] {
    return { clusterId: 1n, memberId: 1n, revision: this.revision, raftTerm: 1n };
  }

  #run({ compare, success, failure }: TxnRequest, revision: bigint): Answer {
    const succeeded = compare.every((one) => this.#holds(one));
    const responses = (succeeded ? success : failure).map((op) => this.#do(op, revision));
    return { header: this.#header(), succeeded, responses };
  }

  #holds({ key, target, result, operand }: Compare): boolean {
    const held = this.keys.get(Buffer.from(key).toString());
    const value = { modRevision: held?.modRevision, createRevision: held?.createRevision, version: held && 1n }[
      target as 'modRevision' | 'createRevision' | 'version'
    ];
    return result === '=' ? (value ?? 0n) === operand : (value ?? 0n) < (operand as bigint);
  }

  #do(op: Op, revision: bigint): Answer['responses'][number] {
    const header = this.#header();
    if (op.type === 'txn') return { type: 'txn', response: this.#run(op.request, revision) };
    const key = Buffer.from(op.request.key);
    const held = this.keys.get(key.toString());
    if (op.type === 'get') {
      const kvs = held === undefined ? [] : [keyValue({ key, ...held })];
      return { type: 'get', response: { header, kvs, more: false, count: kvs.length } };
    }
    this.revision = revision;
    if (op.type === 'delete') {
      this.keys.delete(key.toString());
      return { type: 'delete', response: { header, deleted: held === undefined ? 0 : 1, prevKvs: [] } };
    }
    const createRevision = held?.createRevision ?? revision;
    this.keys.set(key.toString(), { value: Buffer.from(op.request.value), createRevision, modRevision: revision });
    return { type: 'put', response: { header, prevKv: undefined } };
  }
}
