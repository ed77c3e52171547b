import { compare, op } from '@etcdts/core';
import { answered } from './answered.ts';
import { entering } from './contender.ts';
import type { Contest } from './contest.ts';
import type { Tenure } from './tenure.ts';
import type { Wait } from './wait.ts';

/**
 * Puts the own key if nobody contends: if every key of the range has the create revision 0, there is none. It leaves nothing behind
 * where somebody does, so that nobody waits for it. Resolves with `undefined` then.
 *
 * If the answer to a try is lost, the next one finds the own key as the oldest, or it does not.
 */
export async function tryEnter(contest: Contest, wait: Wait): Promise<Tenure | undefined> {
  const { key, value, ahead } = contest;
  const sort = { by: 'createRevision', order: 'ascend' } as const;
  const request = {
    if: [compare.createRevision(ahead, '=', 0, { prefix: true })],
    then: [op.put(key, value, { lease: wait.state.lease })],
    else: [op.get(ahead, { prefix: true, sort, limit: 1, keysOnly: true })],
  } as const;
  return entering(contest, wait, async (owner) => {
    const { header, succeeded, responses } = await answered(request, wait, () => (owner.uncertain = true));
    const eldest = succeeded ? undefined : responses[0].kvs[0];
    if (!succeeded && eldest?.key.equals(key) !== true) return undefined;
    return { revision: eldest?.createRevision ?? header.revision, header, first: true, value };
  });
}
