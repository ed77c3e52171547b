import { compare, EtcdError, op, type GetResponse } from '@etcdts/core';
import { answered } from '../answered.ts';
import { entering, type Entry } from '../contender.ts';
import { lockLost } from '../errors.ts';
import type { Owner } from '../late-keys.ts';
import type { Tenure } from '../tenure.ts';
import type { Wait } from '../wait.ts';
import { untilEvent } from './until-event.ts';
import { nobodyCame, readStanding, standingOf, standingOps, type BarrierKeys, type Standing } from './waiters.ts';

export const BARRIER = 'the place in the barrier';
const EMPTY = Buffer.alloc(0);

/** A barrier that is to be entered. */
export interface Entrance extends BarrierKeys {
  readonly own: Buffer;
  readonly count: number;
}

/** A participant that is inside: its own key, and the revision at which the barrier opened. */
export interface Inside {
  readonly tenure: Tenure;
  readonly opened: bigint;
}

/**
 * Enters a double barrier and waits until it opens (recipes/double_barrier.go `Enter`). If it fails, the own key is removed in the
 * background.
 */
export async function enter(entrance: Entrance, wait: Wait): Promise<Inside> {
  let standing: Standing | undefined;
  const contest = { key: entrance.own, value: EMPTY, ahead: entrance.waiters, what: BARRIER };
  const tenure = (await entering(contest, wait, async (owner): Promise<Entry> => {
    const entry = await putOwn(entrance, wait, owner);
    standing = entry.standing;
    return entry;
  })) as Tenure;
  try {
    const opened = await untilOpen(entrance, standing as Standing, tenure, wait);
    wait.signal.throwIfAborted();
    return { tenure, opened };
  } catch (error) {
    tenure.giveUp(error);
    throw error;
  }
}

/**
 * Puts the own key if there is room. The put goes through only if nobody has come since the room was seen, so that no key of one too
 * many is there even for a moment: another one would count it.
 */
async function putOwn(entrance: Entrance, wait: Wait, owner: Owner): Promise<Entry & { readonly standing: Standing }> {
  const { own, count } = entrance;
  for (let seen = await readStanding(entrance, wait); ;) {
    if (seen.waiters.length >= count) throw tooMany(count);
    const ops = standingOps(entrance);
    const request = {
      if: [compare.createRevision(own, '=', 0), nobodyCame(entrance, seen)],
      then: [op.put(own, '', { lease: wait.state.lease }), ...ops],
      else: [op.get(own), ...ops],
    } as const;
    const { succeeded, responses, header } = await answered(request, wait, () => (owner.uncertain = true));
    const [first, waiters, ready] = responses;
    const standing = standingOf([waiters, ready], header.revision);
    // An earlier try may have put it.
    const revision = succeeded ? header.revision : 'kvs' in first ? first.kvs[0]?.createRevision : undefined;
    if (revision !== undefined) return { revision, header, first: true, value: EMPTY, standing };
    seen = standing;
  }
}

/** Resolves with the revision at which the barrier opened for the own key. */
async function untilOpen(entrance: Entrance, standing: Standing, tenure: Tenure, wait: Wait): Promise<bigint> {
  const { count, ready } = entrance;
  // Those who came before the barrier opened last are on their way out.
  const companions = standing.waiters.filter(
    ({ createRevision }) => createRevision > standing.opened && createRevision < tenure.revision,
  );
  if (companions.length === count - 1) return await open(entrance, tenure, wait);
  for (let from = tenure.revision + 1n; ;) {
    const event = await untilEvent(wait.state.client, { key: ready, from, ignored: 'delete' }, wait);
    if (event !== undefined) return event.kv.modRevision;
    const { opened, revision } = await readStanding(entrance, wait);
    if (opened > tenure.revision) return opened;
    from = revision + 1n;
  }
}

/**
 * Opens the barrier for all, under the lease, once, and only while the own key is there: a late request opens nothing for those who
 * come next.
 */
async function open({ ready, own }: Entrance, tenure: Tenure, wait: Wait): Promise<bigint> {
  const request = {
    if: [compare.createRevision(own, '=', tenure.revision), compare.modRevision(ready, '<', tenure.revision + 1n)],
    then: [op.put(ready, '', { lease: wait.state.lease })],
    else: [op.get(ready, { keysOnly: true })],
  } as const;
  const { succeeded, header, responses } = await answered(request, wait);
  if (succeeded) return header.revision;
  const opened = (responses[0] as GetResponse).kvs[0]?.modRevision ?? 0n;
  if (opened > tenure.revision) return opened;
  throw lockLost(BARRIER, 'its key was deleted');
}

function tooMany(count: number): EtcdError {
  const message = `${count === 1 ? '1 participant is' : `${count} participants are`} in the barrier`;
  return new EtcdError({ code: 'TOO_MANY_CLIENTS', message, outcome: 'not-applied' });
}
