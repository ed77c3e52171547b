import type { Bytes, CallOptions, EtcdOperations } from '@etcdts/core';
import {
  callOptionsOf,
  checkOptions,
  invalidArgument,
  siteOf,
  toBytes,
  toCount,
  toInt64,
  toKey,
} from '@etcdts/core/plugin';
import { Mirroring } from './mirroring.ts';
import type { MirrorProgress } from './progress.ts';
import { overlap, Renaming } from './renaming.ts';

/** Options of `mirror`. */
export interface MirrorOptions {
  /** The keys that are mirrored; an empty prefix means every key. */
  prefix: Bytes;
  /** What takes the place of the prefix on the target; an empty one puts the rest of each key at the root. Defaults to `prefix`. */
  targetPrefix?: Bytes | undefined;
  /**
   * A key on the target in which the mirror keeps up to where the target has the source, written with each transaction. With it, a
   * mirror that is started again goes on from there, and a write whose reply was lost is settled. Without it, a start writes
   * everything that differs, and a lost reply ends the mirror. Each mirror has its own.
   */
  checkpoint?: Bytes | undefined;
  /**
   * Begins with what happened after this revision, as `follow` does, in place of a base. A checkpoint that is there comes first. If the
   * source has no history from there on, the mirror rejects with `COMPACTED`.
   */
  revision?: bigint | number | undefined;
  /**
   * Whether keys on the target that the source does not have are removed when the source is read whole. By default they are if that is
   * not the first time, because the deletions between are not known, and if there is a `targetPrefix` that is not empty, so that they
   * are the mirror's own; otherwise they are counted, and a warning of the log has the number.
   */
  removeExtra?: boolean | undefined;
  /** How many operations one transaction on the target may have, as its `--max-txn-ops`. Defaults to 128, as there. */
  maxTxnOps?: number | undefined;
  /** The number of keys that are read at a time. Defaults to 1,000. */
  pageSize?: number | undefined;
  /** Called with each step, at most once for each transaction. What it throws changes nothing. */
  onProgress?: ((progress: MirrorProgress) => void) | undefined;
  /** Ends the mirror. */
  signal?: AbortSignal | undefined;
}

/**
 * Keeps a copy of a prefix in another etcd, or elsewhere in the same one (etcdctl make-mirror). First everything that differs is
 * written, then each revision of the source as one transaction, or as several in order if it does not fit into one: with the
 * checkpoint, 127 keys and 1.25 MiB do.
 *
 * It runs until it is aborted, and always rejects with why it ended: the signal's reason, `CLIENT_CLOSED`, or a failure that no further
 * attempt can mend, such as `PERMISSION_DENIED`. An etcd that cannot be reached is waited for, on both sides. After a compaction that it
 * has missed, it reads the source whole again.
 *
 * Values are mirrored, but neither leases, revisions nor compactions: the copy of a key with a lease has none, and is deleted when the
 * source deletes the key. Nobody else may write below the prefix of the target, and it needs the right to read and write there.
 *
 *     await mirror(source, target, { prefix: 'app/', checkpoint: 'mirrors/app', signal });
 */
export async function mirror(source: EtcdOperations, target: EtcdOperations, options: MirrorOptions): Promise<never> {
  if (options === undefined || options === null) throw invalidArgument('options', "must be given: { prefix: 'app/' }");
  checkOptions<MirrorOptions>(options, {
    ...{ prefix: true, targetPrefix: true, checkpoint: true, revision: true, removeExtra: 'boolean' },
    ...{ maxTxnOps: true, pageSize: true, onProgress: 'function', signal: 'object' },
  });
  const { targetPrefix, checkpoint, revision, removeExtra, maxTxnOps = 128, pageSize = 1_000, onProgress } = options;
  if (options.prefix === undefined) throw invalidArgument('prefix', "must be given; '' means every key");
  // A checkpoint takes one of the operations.
  const fewest = checkpoint === undefined ? 1 : 2;
  const prefix = toBytes(options.prefix, 'prefix');
  const renaming = new Renaming(prefix, targetPrefix === undefined ? prefix : toBytes(targetPrefix, 'targetPrefix'));
  const { signal } = callOptionsOf<CallOptions>(source, { signal: options.signal }, {});
  siteOf(target);
  if (source === target && overlap(renaming.source, renaming.target))
    throw invalidArgument(
      'targetPrefix',
      'overlaps with prefix in the same etcd, so that the mirror would mirror itself',
    );
  const mirroring = new Mirroring(source, target, {
    ...{ renaming, removeExtra, signal },
    checkpoint: checkpoint === undefined ? undefined : toKey(checkpoint, 'checkpoint'),
    revision: revision === undefined ? undefined : toInt64(revision, 'revision', 1n),
    owned: targetPrefix !== undefined && renaming.to.length > 0,
    maxTxnOps: toCount(maxTxnOps, 'maxTxnOps', fewest),
    pageSize: toCount(pageSize, 'pageSize', 1),
    onProgress: onProgress ?? (() => {}),
  });
  return await mirroring.run();
}
