import { compare, op } from '@etcdts/core';
import { answered } from './answered.ts';
import { mayBeApplied, untilRemoved } from './contender.ts';
import type { Contest } from './contest.ts';
import { Tenure } from './tenure.ts';
import type { Wait } from './wait.ts';

/**
 * Puts the own key if nobody contends: if every key of the range has the create revision 0, there is none. It leaves nothing behind
 * where somebody does, so that nobody waits for it. Resolves with `undefined` then.
 *
 * If the answer to a try is lost, the next one finds the own key as the oldest, or it does not.
 */
export async function tryEnter({ key, value, ahead, what }: Contest, wait: Wait): Promise<Tenure | undefined> {
  const { state, options } = wait;
  await untilRemoved(key, wait);
  const sort = { by: 'createRevision', order: 'ascend' } as const;
  const request = {
    if: [compare.createRevision(ahead, '=', 0, { prefix: true })],
    then: [op.put(key, value, { lease: state.lease })],
    else: [op.get(ahead, { prefix: true, sort, limit: 1, keysOnly: true })],
  } as const;
  try {
    const { header, succeeded, responses } = await answered(request, wait);
    const eldest = succeeded ? undefined : responses[0].kvs[0];
    if (!succeeded && eldest?.key.equals(key) !== true) return undefined;
    const tenure = new Tenure(
      state,
      { key, revision: eldest?.createRevision ?? header.revision, header, what },
      options,
    );
    if (!wait.signal.aborted) return tenure;
    tenure.giveUp(wait.signal.reason);
    throw wait.signal.reason;
  } catch (error) {
    if (mayBeApplied(error)) state.removals.later({ key, revision: undefined }, options);
    throw error;
  }
}
