import { EtcdError, isEtcdError, type EtcdOperations, type WatchEvent, type WatchFilter } from '@etcdts/core';
import type { Limit } from '../wait.ts';

/** What is waited for: the next event of a key from a revision on, other than those that `ignored` names. */
export interface Awaited {
  readonly key: Buffer;
  readonly from: bigint;
  readonly ignored: WatchFilter;
}

/**
 * Waits for an event of a key. Resolves with `undefined` if the caller has to look again: the revisions since its look were compacted,
 * or the watch has ended. Rejects with the reason of the limit's signal.
 */
export async function untilEvent(
  client: EtcdOperations,
  { key, from, ignored }: Awaited,
  { options, signal }: Pick<Limit, 'options' | 'signal'>,
): Promise<WatchEvent | undefined> {
  const watch = client.watch(key, { ...options, startRevision: from, filters: [ignored], signal });
  try {
    for await (const { events } of watch) if (events[0] !== undefined) return events[0];
  } catch (error) {
    signal.throwIfAborted();
    if (!isEtcdError(error, 'COMPACTED')) throw error;
  }
  signal.throwIfAborted();
  return undefined;
}

/** Runs a wait for others. A wait that lasts too long rejects with what was waited for, and has no effect of its own. */
export async function waitingFor<T>(what: string, { signal }: Limit, waiting: () => Promise<T>): Promise<T> {
  try {
    return await waiting();
  } catch (error) {
    if (error !== signal.reason || !isEtcdError(error, 'DEADLINE_EXCEEDED')) throw error;
    const message = `${what} within timeoutMs`;
    throw new EtcdError({ code: 'DEADLINE_EXCEEDED', message, outcome: 'not-applied' });
  }
}
