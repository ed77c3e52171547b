import type { Bytes, CallOptions, EtcdOperations, RangeForms } from '@etcdts/core';
import { callOptionsOf, toCount, toInt64, toRange } from '@etcdts/core/plugin';
import type { Change } from './change.ts';
import { Following } from './following.ts';

/**
 * Options of `follow`. `timeoutMs` is how long the first base may take, from the first read on, and is off by default; then
 * iteration and `synced` reject with `DEADLINE_EXCEEDED`. `signal` ends it with the signal's reason.
 */
export interface FollowOptions extends RangeForms, CallOptions {
  /** The number of keys per page of the base. Defaults to 1,000. */
  pageSize?: number | undefined;
  /**
   * Gives no base, and begins with what happened after this revision: for those who have kept the state of it. If etcd has no
   * history from there on, the iteration throws `COMPACTED`, and `CLUSTER_RESET` if the store has not reached the revision.
   */
  revision?: bigint | number | undefined;
  /** Whether a range with `revision` is read anew, after a `restart`, instead of throwing. Defaults to false. */
  restart?: boolean | undefined;
  /** Whether events have the key as it was before. */
  prevKv?: boolean | undefined;
  /** The stream of its watch, as of `client.watch`: for those who request bookmarks. */
  stream?: string | undefined;
}

/**
 * A range and all that happens to it, as one iteration: its base, at one revision, then each change after it, once and in order.
 *
 * After a compaction, or on another store, a `restart` comes and a new base after it. It waits for an etcd that cannot be reached;
 * other verdicts, such as `PERMISSION_DENIED`, are thrown. It sends nothing before it is read, and a reader who pauses holds up the
 * pages. It has one reader: a second one is refused with `FAILED_PRECONDITION`. `break` and the end of the client end it.
 */
export interface Follow extends AsyncIterable<Change>, AsyncDisposable {
  /** Resolves with the revision of the first base when that was given to the reader. Rejects if the iteration ends first. */
  readonly synced: Promise<bigint>;
  /** Ends it, and what it has on the server. May be called again. */
  cancel(): Promise<void>;
}

/**
 * Follows a key or a range (clientv3 mirror/syncer.go). Throws `INVALID_ARGUMENT` for a wrong argument.
 *
 *     for await (const change of follow(client, 'config/', { prefix: true })) …
 */
export function follow(client: EtcdOperations, key: Bytes, options: FollowOptions = {}): Follow {
  const { signal, timeoutMs, ...call } = callOptionsOf<FollowOptions>(client, options, {
    ...{ prefix: 'boolean', fromKey: 'boolean', rangeEnd: true },
    ...{ pageSize: true, revision: true, restart: 'boolean', prevKv: 'boolean', stream: 'string' },
  });
  const { pageSize = 1_000, revision, restart = false, prevKv, stream } = options;
  return new Following(client, {
    range: toRange(key, options),
    pageSize: toCount(pageSize, 'pageSize', 1),
    revision: revision === undefined ? undefined : toInt64(revision, 'revision', 1n),
    ...{ restart, prevKv, stream, call, signal, timeoutMs },
  });
}
