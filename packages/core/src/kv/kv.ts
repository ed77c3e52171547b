import { bindMethods } from '../bound-methods.ts';
import { toCount, toInt64, type Bytes } from '../bytes.ts';
import type { CallOptions } from '../call.ts';
import { CallOptionNames, NO_OPTIONS, ownOptions } from '../call-options.ts';
import { invalidArgument } from '../errors.ts';
import type { Op, PutResponse } from '../messages.ts';
import {
  DELETE_OPTIONS,
  deleteOp,
  GET_OPTIONS,
  getOp,
  op,
  PUT_OPTIONS,
  putOp,
  type DeleteOpOptions,
  type GetOpOptions,
  type PutOpOptions,
  type TxnInput,
} from './op.ts';
import type { StreamSupport } from './page-reader.ts';
import { pages } from './pages.ts';
import type { Possible } from './possible.ts';
import { toRange, type RangeForms } from './range.ts';
import {
  txnResponse,
  type CompactResponse,
  type DeleteResponse,
  type GetResponse,
  type OpResponse,
  type TxnResponse,
} from './responses.ts';
import type { KVService } from './service.ts';
import { traced } from '../traced.ts';

/** Options of `kv.get`. */
export interface GetOptions extends GetOpOptions, CallOptions {}
/** Options of `kv.put`. */
export interface PutOptions extends PutOpOptions, CallOptions {}
/** Options of `kv.delete`. */
export interface DeleteOptions extends DeleteOpOptions, CallOptions {}
/** Options of `kv.compact`. */
export interface CompactOptions extends CallOptions {
  /** Whether etcd answers only after it has freed the space in the database. */
  physical?: boolean | undefined;
}
/** Options of `KV.pages`. */
export interface PagesOptions extends RangeForms, CallOptions {
  /** The number of keys per page. Defaults to 1,000. */
  pageSize?: number | undefined;
  /** The revision to read. 0, the default, means the present one. */
  revision?: bigint | number | undefined;
  /**
   * Whether one member answers from its own store, without the cluster. The first answer may then be older than the newest write.
   * Every page has the revision of the first one, even from another member; a member that lags behind is skipped.
   */
  serializable?: boolean | undefined;
  /** Whether to read keys without values. */
  keysOnly?: boolean | undefined;
  /**
   * Deadline of each page in milliseconds, from its request by the reader; the reader's time between two pages does not count.
   * Defaults to the client's `requestTimeoutMs` for each request of a page.
   */
  timeoutMs?: number | undefined;
}

const COMPACT_OPTIONS = ownOptions<CompactOptions>({ physical: 'boolean' });
const PAGES_OPTIONS = ownOptions<PagesOptions>({
  prefix: 'boolean',
  fromKey: 'boolean',
  rangeEnd: true,
  pageSize: true,
  revision: true,
  serializable: 'boolean',
  keysOnly: 'boolean',
});

const PAGE_SIZE = 1_000;

/**
 * Reads and writes keys (clientv3/kv.go). Every method rejects with an EtcdError, or with the reason of an aborted signal.
 * A write that failed with `outcome: 'unknown'` may have been applied.
 */
export interface KV {
  /** Reads a key or a range. A missing key is no error: `kvs` is empty. */
  get<const O extends Possible<O, GetOptions>>(key: Bytes, options?: O): Promise<GetResponse>;
  /** Writes a key. */
  put(key: Bytes, value: Bytes, options?: PutOptions): Promise<PutResponse>;
  /** Deletes a key or a range. */
  delete<const O extends Possible<O, DeleteOptions>>(key: Bytes, options?: O): Promise<DeleteResponse>;
  /** Runs `then` if every condition of `if` holds, otherwise `else`: at one revision, all or nothing. */
  txn<const Then extends readonly Op[] = readonly [], const Else extends readonly Op[] = readonly []>(
    input: TxnInput<Then, Else>,
    options?: CallOptions,
  ): Promise<TxnResponse<Then, Else>>;
  /** Runs one operation of `op`. Its type decides the type of the response. */
  do<const O extends Op>(operation: O, options?: CallOptions): Promise<OpResponse<O>>;
  /** Drops the history before a revision. Reads of it then fail with `COMPACTED`. */
  compact(revision: bigint | number, options?: CompactOptions): Promise<CompactResponse>;
  /**
   * Reads a whole range at one revision, page by page, however large (RangeStream on etcd 3.7 or newer, else ranges from key
   * to key). Each page has the `count` of the whole, and `header` of the first answer; a range without keys is one empty page.
   *
   * If the stream breaks or is silent, the rest is read without it, so that the same failures end an iteration on every
   * release: those that fail `get`. With `COMPACTED` the rest of the revision no longer exists; the pages before are whole.
   * What is returned is read once: a second iteration throws `FAILED_PRECONDITION`.
   */
  pages<const O extends Possible<O, PagesOptions>>(key: Bytes, options?: O): AsyncIterable<GetResponse>;
}

/** `KV` over a KV service. It only converts arguments and builds messages. */
export class KVFacade implements KV {
  readonly #service: KVService;
  readonly #support: StreamSupport = { lacking: false };

  readonly #names: CallOptionNames;

  constructor(service: KVService, names: CallOptionNames = new CallOptionNames()) {
    this.#service = service;
    this.#names = names;
    bindMethods(this, KVFacade.prototype);
  }

  async get(key: Bytes, options?: GetOptions): Promise<GetResponse> {
    const callOptions = this.#names.of(options, GET_OPTIONS);
    return await traced(this.#service.range(getOp(key, options ?? NO_OPTIONS).request, callOptions));
  }

  async put(key: Bytes, value: Bytes, options?: PutOptions): Promise<PutResponse> {
    const callOptions = this.#names.of(options, PUT_OPTIONS);
    return await traced(this.#service.put(putOp(key, value, options ?? NO_OPTIONS).request, callOptions));
  }

  async delete(key: Bytes, options?: DeleteOptions): Promise<DeleteResponse> {
    const callOptions = this.#names.of(options, DELETE_OPTIONS);
    return await traced(this.#service.deleteRange(deleteOp(key, options ?? NO_OPTIONS).request, callOptions));
  }

  async txn<const Then extends readonly Op[] = readonly [], const Else extends readonly Op[] = readonly []>(
    input: TxnInput<Then, Else>,
    options?: CallOptions,
  ): Promise<TxnResponse<Then, Else>> {
    const { request } = op.txn(input);
    return txnResponse(request, await traced(this.#service.txn(request, this.#names.of(options))));
  }

  async do<const O extends Op>(operation: O, options?: CallOptions): Promise<OpResponse<O>> {
    return (await this.#run(operation, this.#names.of(options))) as OpResponse<O>;
  }

  async compact(revision: bigint | number, options?: CompactOptions): Promise<CompactResponse> {
    const callOptions = this.#names.of(options, COMPACT_OPTIONS);
    const request = { revision: toInt64(revision, 'revision', 1n), physical: options?.physical };
    return await traced(this.#service.compact(request, callOptions));
  }

  pages(key: Bytes, options: PagesOptions = NO_OPTIONS): AsyncIterable<GetResponse> {
    const callOptions = this.#names.of(options, PAGES_OPTIONS);
    const { revision, serializable, keysOnly, pageSize = PAGE_SIZE } = options;
    const request = {
      ...toRange(key, options),
      revision: revision === undefined ? undefined : toInt64(revision, 'revision', 0n),
      serializable,
      keysOnly,
    };
    return pages(this.#service, request, toCount(pageSize, 'pageSize', 1), this.#support, callOptions);
  }

  async #run(operation: Op, options: CallOptions): Promise<unknown> {
    switch (operation?.type) {
      case 'get':
        return await traced(this.#service.range(operation.request, options));
      case 'put':
        return await traced(this.#service.put(operation.request, options));
      case 'delete':
        return await traced(this.#service.deleteRange(operation.request, options));
      case 'txn':
        return txnResponse(operation.request, await traced(this.#service.txn(operation.request, options)));
      default:
        throw invalidArgument('operation', 'is no operation; make it with op.get, op.put, op.delete or op.txn');
    }
  }
}
