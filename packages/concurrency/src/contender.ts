import { compare, isEtcdError, op } from '@etcdts/core';
import type { KeyValue, ResponseHeader } from '@etcdts/core';
import { answered } from './answered.ts';
import type { Contest } from './contest.ts';
import type { Owner } from './late-keys.ts';
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
  return entering(contest, wait, async (owner) => {
    let entry: Entry;
    do {
      owner.revision = undefined;
      entry = await enter(contest, wait, owner);
    } while (!(await hasValue(entry, contest, wait)));
    return entry;
  });
}

/**
 * Puts the own key by `put`, and waits for the turn. Resolves with `undefined` if `put` does, which then has put none. If it fails
 * at any point, the key is removed in the background.
 */
export function entering<E extends Entry | undefined>(
  contest: Contest,
  wait: Wait,
  put: (owner: Owner) => Promise<E>,
): Promise<Tenure | (E extends undefined ? undefined : never)> {
  const contending = untilTurn(contest, wait, put);
  wait.state.removals.follow(contending);
  return contending;
}

async function untilTurn<E extends Entry | undefined>(
  contest: Contest,
  wait: Wait,
  put: (owner: Owner) => Promise<E>,
): Promise<Tenure | (E extends undefined ? undefined : never)> {
  const { state, options, signal } = wait;
  const { key } = contest;
  // A key that is being removed must not be found.
  await abortable(state.removals.done(key), signal);
  signal.throwIfAborted();
  const owner = state.late.enter(key);
  let tenure: Tenure | undefined;
  try {
    const entry = await put(owner);
    if (entry === undefined) {
      owner.leave();
      if (owner.uncertain) state.late.remove(key, options);
      return undefined as E extends undefined ? undefined : never;
    }
    owner.revision = entry.revision;
    if (owner.uncertain) state.late.watch(key, entry.header.revision + 1n, options);
    tenure = new Tenure(state, { ...contest, ...entry }, options);
    owner.leave();
    tenure.onLost((reason) => wait.abort(reason));
    if (!entry.first) tenure.header = await waitForTurn(contest, entry.revision, wait);
    signal.throwIfAborted();
    return tenure;
  } catch (error) {
    owner.leave();
    // A second campaign of a session that leads does not take its own leadership away.
    if (contest.isHeld?.() === true) tenure?.lose(error);
    else if (tenure !== undefined) tenure.giveUp(error);
    else if (owner.revision !== undefined) state.removals.later({ key, revision: owner.revision }, options);
    else if (owner.uncertain || mayBeApplied(error, signal)) state.late.remove(key, options);
    throw error;
  }
}

/** Whether the write that failed with this error may be applied. After an abort, the error is its reason, whatever was applied. */
function mayBeApplied(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || !isEtcdError(error) || error.outcome === 'unknown';
}

/**
 * Puts the own key under the lease, unless it is there already, and reads the oldest key in the same transaction (concurrency/mutex.go
 * `tryAcquire`). It is sent again while its outcome is unknown: then the own key is there, or it is not.
 */
async function enter({ key, value, ahead }: Contest, wait: Wait, owner: Owner): Promise<Entry> {
  const sort = { by: 'createRevision', order: 'ascend' } as const;
  const oldest = op.get(ahead, { prefix: true, sort, limit: 1, keysOnly: true });
  const request = {
    if: [compare.createRevision(key, '=', 0)],
    then: [op.put(key, value, { lease: wait.state.lease }), oldest],
    else: [op.get(key), oldest],
  } as const;
  const { header, succeeded, responses } = await answered(request, wait, () => (owner.uncertain = true));
  const own = succeeded ? undefined : (responses[0].kvs[0] as KeyValue);
  const revision = own === undefined ? header.revision : own.createRevision;
  const eldest = responses[1].kvs[0];
  owner.revision = revision;
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
