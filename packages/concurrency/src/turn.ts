import { compare, isEtcdError, op, type KeyValue, type ResponseHeader } from '@etcdts/core';
import { answered } from './answered.ts';
import type { Contest } from './contest.ts';
import { lockLost } from './errors.ts';
import type { Wait } from './wait.ts';

/**
 * Waits until no older key is left. A contender waits for the newest of the older ones only, so that each deletion wakes one of
 * them, in the order of create revisions. It then looks again: the one before may have given up while an older one still holds.
 *
 * Each look is one linearizable transaction about the own key and the older ones, so that a turn is never taken on a key
 * that is gone. Rejects with `LOCK_LOST` if it is, and with the reason of the wait's signal.
 */
export async function waitForTurn(contest: Contest, revision: bigint, wait: Wait): Promise<ResponseHeader> {
  for (;;) {
    const { predecessor, header } = await look(contest, revision, wait);
    if (predecessor === undefined) return header;
    await untilDeleted(predecessor, header.revision + 1n, wait);
  }
}

interface Look {
  readonly predecessor: KeyValue | undefined;
  readonly header: ResponseHeader;
}

async function look({ key, ahead, what }: Contest, revision: bigint, wait: Wait): Promise<Look> {
  const newest = op.get(ahead, {
    prefix: true,
    sort: { by: 'createRevision', order: 'descend' },
    limit: 1,
    maxCreateRevision: revision - 1n,
    keysOnly: true,
  });
  const request = { if: [compare.createRevision(key, '=', revision)], then: [newest] } as const;
  const { header, succeeded, responses } = await answered(request, wait);
  if (!succeeded) throw lockLost(what, 'its key was deleted');
  return { predecessor: responses[0].kvs[0], header };
}

/** Resolves when a key is deleted, or may be: with the compaction of the revisions since the look, only a new look tells. */
async function untilDeleted({ key }: KeyValue, from: bigint, { state, options, signal }: Wait): Promise<void> {
  const watch = state.client.watch(key, { ...options, startRevision: from, filters: ['put'], signal });
  try {
    for await (const { events } of watch) if (events.length > 0) return;
  } catch (error) {
    signal.throwIfAborted();
    if (!isEtcdError(error, 'COMPACTED')) throw error;
  }
}
