import { compare, isEtcdError, op } from '@etcdts/core';
import type { KeyValue, ResponseHeader } from '@etcdts/core';
import { answered } from './answered.ts';
import type { Contest } from './contest.ts';
import { abortable } from './repeat.ts';
import { Tenure } from './tenure.ts';
import { waitForTurn } from './turn.ts';
import type { Wait } from './wait.ts';

/** An own key that is in etcd. */
export interface Entry {
  /** Its create revision. */
  readonly revision: bigint;
  readonly header: ResponseHeader;
  /** Whether no older key comes first. */
  readonly first: boolean;
  /** Its value. */
  readonly value: Buffer;
}

/**
 * Enters a contest and waits until it is won. Rejects with the reason of the wait's signal, with `LOCK_LOST` if the own key
 * is deleted meanwhile, or with the error of a call. Then the own key is removed in the background.
 */
export async function contend(contest: Contest, wait: Wait): Promise<Tenure> {
  const { state, options } = wait;
  const { key } = contest;
  await untilRemoved(key, wait);
  let entry: Entry | undefined;
  let tenure: Tenure | undefined;
  try {
    do entry = await enter(contest, wait);
    while (!(await hasValue(entry, contest, wait)));
    tenure = new Tenure(state, { ...contest, ...entry }, options);
    tenure.onLost((reason) => wait.abort(reason));
    if (!entry.first) tenure.header = await waitForTurn(contest, entry.revision, wait);
    wait.signal.throwIfAborted();
    return tenure;
  } catch (error) {
    // A second campaign of a session that leads does not take its own leadership away.
    if (contest.isHeld?.() === true) tenure?.lose(error);
    else if (tenure !== undefined) tenure.giveUp(error);
    else if (entry !== undefined || mayBeApplied(error))
      state.removals.later({ key, revision: entry?.revision }, options);
    throw error;
  }
}

/** Whether the write that failed with this error may be applied. An error that is none of etcd's is the reason of an abort. */
export function mayBeApplied(error: unknown): boolean {
  return !isEtcdError(error) || error.outcome === 'unknown';
}

/** Waits for the removals of an earlier key of the same name, so that the contender does not find a key that goes away. */
export async function untilRemoved(key: Buffer, { state, signal }: Wait): Promise<void> {
  await abortable(state.removals.done(key), signal);
  signal.throwIfAborted();
}

/**
 * Puts the own key under the lease, unless it is there already, and reads the oldest key in the same transaction (concurrency/mutex.go
 * `tryAcquire`). It is sent again while its outcome is unknown: then the own key is there, or it is not.
 */
export async function enter({ key, value, ahead }: Contest, wait: Wait): Promise<Entry> {
  const sort = { by: 'createRevision', order: 'ascend' } as const;
  const oldest = op.get(ahead, { prefix: true, sort, limit: 1, keysOnly: true });
  const request = {
    if: [compare.createRevision(key, '=', 0)],
    then: [op.put(key, value, { lease: wait.state.lease }), oldest],
    else: [op.get(key), oldest],
  } as const;
  const { header, succeeded, responses } = await answered(request, wait);
  const own = succeeded ? undefined : (responses[0].kvs[0] as KeyValue);
  const revision = own === undefined ? header.revision : own.createRevision;
  const eldest = responses[1].kvs[0];
  const first = eldest === undefined || eldest.createRevision >= revision;
  return { revision, header, first, value: own === undefined ? value : own.value };
}

/** Whether the own key has the value of the contest, if need be after a put. The key may be another one by then. */
async function hasValue(entry: Entry, { key, value, replaces = false }: Contest, wait: Wait): Promise<boolean> {
  if (!replaces || entry.value.equals(value)) return true;
  const request = {
    if: [compare.createRevision(key, '=', entry.revision)],
    then: [op.put(key, value, { lease: wait.state.lease })],
  };
  return (await answered(request, wait)).succeeded;
}
