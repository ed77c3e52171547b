import { compare, op } from '@etcdts/core';
import { answered } from '../answered.ts';
import type { Wait } from '../wait.ts';
import { givenBack } from '../errors.ts';
import { BARRIER, type Entrance, type Inside } from './entrance.ts';
import { untilEvent } from './until-event.ts';
import { readStanding } from './waiters.ts';

/**
 * Waits until all who were inside together have left (recipes/double_barrier.go `Leave`): the first to come waits for the last to
 * come, and the others remove their keys and wait for the first. Who comes in after the barrier opened is of the next round, and is not
 * waited for.
 */
export async function leave(entrance: Entrance, { tenure, opened }: Inside, wait: Wait): Promise<void> {
  const { own, ready } = entrance;
  const ours = compare.createRevision(own, '=', tenure.revision);
  for (let removed = false; ;) {
    const { waiters, revision } = await readStanding(entrance, wait);
    const round = waiters.filter(({ createRevision }) => createRevision < opened);
    const [lowest] = round;
    const highest = round.at(-1);
    if (lowest === undefined || highest === undefined) return;
    const isLowest = lowest.key.equals(own);
    const isLast = isLowest && round.length === 1;
    if (isLast || (!isLowest && !removed)) {
      // What comes after this is no loss.
      tenure.lose(givenBack(BARRIER));
      const close = op.txn({ if: [compare.modRevision(ready, '=', opened)], then: [op.delete(ready)] });
      await answered({ if: [ours], then: isLast ? [op.delete(own), close] : [op.delete(own)] }, wait);
      removed = true;
    }
    if (isLast) return;
    const awaited = { key: isLowest ? highest.key : lowest.key, from: revision + 1n, ignored: 'put' } as const;
    await untilEvent(wait.state.client, awaited, wait);
  }
}
