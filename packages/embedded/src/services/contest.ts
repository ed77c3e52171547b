// What the Lock and Election services have in common: the recipes of client/v3/concurrency, which etcd runs for clients without them.
// The calls are those of KV and Lease with the rights of the caller, and the keys those of every other client, so that all exclude
// each other.
import type { Caller, Member } from '../member.ts';
import type * as m from '../messages.ts';
import { status, StatusError } from '../status.ts';
import { toRange, type KeyRange } from '../store/range.ts';
import type { UnaryHandler } from './handlers.ts';
import { kv } from './kv.ts';
import { lease } from './lease.ts';

/** The TTL in seconds of the lease that a caller without one gets (defaultSessionTTL in concurrency/session.go). */
const SESSION_TTL = 60n;
const [ASCEND, DESCEND] = [1, 2];
const BY_CREATE_REVISION = 2;
const EQUAL = 0;
const CREATION = 1;
const NOTHING = Buffer.alloc(0);

/** The key of a contender. */
export interface Place {
  readonly key: Buffer;
  /** The revision at which the key was created. */
  readonly revision: number;
  /** The header of the transaction. */
  readonly header: m.Header;
  /** The value that the key had already; `undefined` if it is new. */
  readonly known: Buffer | undefined;
  /** Whether nobody came before. */
  readonly isFirst: boolean;
}

/** The contenders for a name: the keys `name/`, each with the lease of its contender in hexadecimal digits. */
export class Contest {
  readonly #member: Member;
  readonly #caller: Caller;
  readonly #unary: Readonly<Record<string, UnaryHandler>>;
  readonly #prefix: Buffer;
  readonly #end: Buffer;

  constructor(member: Member, caller: Caller, name: Buffer) {
    this.#member = member;
    this.#caller = caller;
    this.#unary = { ...kv(member).unary, ...lease(member).unary };
    this.#prefix = Buffer.concat([name, Buffer.from('/')]);
    // The character `0` follows `/`.
    this.#end = Buffer.concat([name, Buffer.from('0')]);
  }

  /** The range of all contenders. */
  get range(): KeyRange {
    return toRange(this.#prefix, this.#end);
  }

  /** Returns the lease of a request. A request without one gets a new lease. */
  leaseOf(id: bigint): bigint {
    if (id !== 0n) return id;
    return this.#call<m.LeaseResponse>('Lease.LeaseGrant', { ID: 0n, TTL: SESSION_TTL }).ID;
  }

  /** Puts the key of a contender, if it has none. */
  enter(id: bigint, value: Buffer): Place {
    const key = Buffer.concat([this.#prefix, Buffer.from(id.toString(16))]);
    const first = { requestRange: this.#oneBy({ sortOrder: ASCEND }) };
    const known = { requestRange: rangeOf({ key }) };
    const response = this.#ifCreatedAt(key, 0n, [put(key, value, id), first], [known, first]);
    const [found, oldest] = response.responses.map(({ responseRange }) => responseRange?.kvs?.[0]);
    const header = response.header as m.Header;
    const revision = found?.createRevision ?? Number(header.revision);
    return { key, revision, header, known: found?.value, isFirst: oldest?.createRevision === revision };
  }

  /** Puts the key of a contender that was created at a revision. */
  change(key: Buffer, revision: bigint, value: Buffer, id: bigint): m.TxnResponse {
    return this.#ifCreatedAt(key, revision, [put(key, value, id)], []);
  }

  /** Deletes the key of a contender that was created at a revision. */
  leave(key: Buffer, revision: bigint): m.TxnResponse {
    const requestDeleteRange = { key, rangeEnd: NOTHING, prevKv: false };
    return this.#ifCreatedAt(key, revision, [{ requestDeleteRange }], []);
  }

  /** Deletes a key. */
  delete(key: Buffer): m.DeleteRangeResponse {
    return this.#call('KV.DeleteRange', { key, rangeEnd: NOTHING, prevKv: false });
  }

  /** Reads the key of a contender. */
  get(key: Buffer): m.RangeResponse {
    return this.#call('KV.Range', rangeOf({ key }));
  }

  /** Reads the contender that came first. */
  first(): m.RangeResponse {
    return this.#one({ sortOrder: ASCEND });
  }

  /** Waits until all who came before a revision are gone. Rejects with the reason of `ended` if that aborts first. */
  async turn(revision: number, ended: AbortSignal): Promise<void> {
    for (;;) {
      ended.throwIfAborted();
      const { kvs = [] } = this.#one({ sortOrder: DESCEND, maxCreateRevision: BigInt(revision - 1) });
      const key = kvs[0]?.key;
      if (key === undefined) return;
      await this.#deletion(key, ended);
    }
  }

  #deletion(key: Buffer, ended: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#member.hub.cancel(watcher);
        reject(ended.reason as Error);
      };
      const deliver = (): void => {
        ended.removeEventListener('abort', abort);
        this.#member.hub.cancel(watcher);
        resolve();
      };
      const deletes = { startRevision: 0, withoutPuts: true, withoutDeletes: false, prevKv: false, fragment: false };
      const wish = { id: 0n, range: toRange(key, NOTHING), ...deletes };
      const watcher = this.#member.hub.watch(wish, { congested: false, deliver });
      ended.addEventListener('abort', abort);
    });
  }

  #one(order: Partial<m.RangeRequest>): m.RangeResponse {
    return this.#call('KV.Range', this.#oneBy(order));
  }

  #oneBy(order: Partial<m.RangeRequest>): m.RangeRequest {
    return rangeOf({ key: this.#prefix, rangeEnd: this.#end, limit: 1n, sortTarget: BY_CREATE_REVISION, ...order });
  }

  #ifCreatedAt(key: Buffer, at: bigint, success: m.RequestOp[], failure: m.RequestOp[]): m.TxnResponse {
    const compare = { key, rangeEnd: NOTHING, result: EQUAL, target: CREATION, targetUnion: 'createRevision' } as const;
    return this.#call('KV.Txn', { compare: [{ ...compare, createRevision: at }], success, failure });
  }

  #call<R>(name: string, request: object): R {
    try {
      return (this.#unary[name] as UnaryHandler)(request as never, this.#caller) as R;
    } catch (error) {
      // The client inside etcd leaves the code out.
      throw error instanceof StatusError ? status('UNKNOWN', error.message) : error;
    }
  }
}

function put(key: Buffer, value: Buffer, id: bigint): m.RequestOp {
  return { requestPut: { key, value, lease: id, prevKv: false, ignoreValue: false, ignoreLease: false } };
}

function rangeOf(request: Partial<m.RangeRequest> & { readonly key: Buffer }): m.RangeRequest {
  return {
    rangeEnd: NOTHING,
    limit: 0n,
    revision: 0n,
    sortOrder: 0,
    sortTarget: 0,
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0n,
    maxModRevision: 0n,
    minCreateRevision: 0n,
    maxCreateRevision: 0n,
    ...request,
  };
}
