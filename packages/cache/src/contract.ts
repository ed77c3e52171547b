import type { Bytes, CallOptions, EtcdOperations, KeyValue, KV, RangeForms, Watcher } from '@etcdts/core';
import type { CacheChange, ChangesOptions } from './changes.ts';
import type { Parse } from './parse.ts';

/** Options of `cache` and `cached`. */
export interface CacheOptions<T> {
  /**
   * Makes the typed value of a key, once for each version of it: a function, or a Standard Schema for the text of the value;
   * `json(schema)` is for JSON. By default the value is the whole `KeyValue`. A key for which it throws is left out of what is typed.
   */
  parse?: Parse<T> | undefined;
  /** Called with what `parse` threw, and for which key value. By default a line of the log counts it, without the key. */
  onParseError?: ((error: unknown, kv: KeyValue) => void) | undefined;
  /** How many of the last revisions are kept, for reads of the past and for watches. Defaults to 2,048. */
  history?: number | undefined;
  /** The number of keys per page of the base. Defaults to 1,000. */
  pageSize?: number | undefined;
  /**
   * Whether bookmarks that are requested count. By default they do if the member that sends them is known to be etcd 3.4.25, 3.5.8 or
   * newer, before which they could run ahead of events. A wrapped client, such as a namespace, cannot read the version: state it here.
   * Where they do not count, a linearizable read goes to etcd unless events have brought the copy up to date.
   */
  trustBookmarks?: boolean | undefined;
  /** Closes the copy. */
  signal?: AbortSignal | undefined;
}

/** The numbers of a copy at this moment, for those who report them; `restarts` counts from the start. */
export interface CacheStats {
  /** Whether the copy is whole and current. */
  readonly ready: boolean;
  /** Whether it is closed, or what has ended it is not to be mended by another base. */
  readonly ended: boolean;
  /** How many keys there are. */
  readonly entries: number;
  /** How many revisions the history has. */
  readonly history: number;
  /** Everything up to it is in the copy. */
  readonly revision: bigint;
  /** How often the copy was read anew. */
  readonly restarts: number;
  /** How many revisions etcd is known to be ahead of the copy. Some of them may be of other keys. */
  readonly lag: bigint;
}

/**
 * A copy of all keys with a prefix, in this process, that keeps itself current (etcd's cache package). It survives lost connections
 * and compactions; while it is read anew, local reads go on from the last state, and `ready` is false.
 *
 * A failure that no new attempt can mend, such as a missing permission, ends it: the calls that wait fail with that error, and local
 * reads go on from the last state. It is closed with its client.
 */
export interface Cache<T = KeyValue> extends AsyncDisposable {
  /** Whether the copy is whole and current: there was a base, and it is not being read anew. */
  readonly ready: boolean;
  /** Everything up to this revision is in the copy; 0n before the first base. */
  readonly revision: bigint;
  /** How many keys there are, those that `parse` refuses included. */
  readonly size: number;
  /** Resolves when the copy is ready. Rejects with what has ended it, or after `timeoutMs`, which is off by default. */
  whenReady(options?: CallOptions): Promise<void>;
  /** Resolves when everything up to a revision is in the copy, such as that of a write. As `whenReady`. */
  whenAt(revision: bigint | number, options?: CallOptions): Promise<void>;
  /**
   * The value of a key, from the copy as it is. It is not copied: do not change it. Throws `CACHE_NOT_READY` before the first base, and
   * `INVALID_ARGUMENT` for a key outside of the prefix.
   */
  peek(key: Bytes): T | undefined;
  /** The keys and values of the copy, or of a range in it, in order, as of the call. As `peek`. */
  entries(key?: Bytes, forms?: RangeForms): IterableIterator<[key: Buffer, value: T]>;
  /**
   * As `kv.get`, from the copy where that can answer. A linearizable read first reads the revision of etcd, which one question does for
   * all that wait, and waits until the copy is there. A `serializable` one answers at once. Reads at a `revision` come from the history;
   * a serializable one that the history does not have throws `COMPACTED` or `FUTURE_REV`. All other reads go to etcd: sorted, limited
   * or filtered ones, keys outside of the prefix, and whatever comes while the copy is not ready.
   */
  get: KV['get'];
  /**
   * What happens to the copy, typed, in order: applied to a map, it gives the state of the copy. A slow reader costs a state that shares
   * its structure with the others; if the history has passed it by, it is given the difference.
   */
  changes(options?: ChangesOptions): AsyncIterable<CacheChange<T>>;
  /**
   * As `client.watch`, from the history of the copy: whole revisions, in order, each once. After a new base, a watch gets what that
   * amounts to. It is a place in the history, so that a slow reader costs no memory. It ends with `COMPACTED` if it starts before the
   * history, or if the history has passed its reader by, and with `CLUSTER_RESET` if the copy is of another store. What the copy cannot
   * serve goes to etcd: a range outside of the prefix, a `stream` or `metadata` of its own, and any watch while the copy is not ready.
   * Watches of one `cache` with the same options may be given the same events: do not change them. Those of `cached` have their own.
   */
  watch: Watcher['watch'];
  /** The numbers of the copy at this moment. It is cheap. */
  stats(): CacheStats;
  /** Ends the copy and all that was made of it. May be called again. */
  close(): Promise<void>;
}

/** What `cached` returns: the operations of a client, and the copy through which it reads. */
export interface CachedClient<T = KeyValue> extends EtcdOperations, AsyncDisposable {
  /** The copy, for all that a client does not have. */
  readonly cache: Cache<T>;
  /** Ends the copy, and the watches and keepalives that were opened here. The client goes on. May be called again. */
  close(): Promise<void>;
}
