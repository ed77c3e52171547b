import { setTimeout as sleep } from 'node:timers/promises';
import { isEtcdError, keyMissing, op, type EtcdOperations } from '@etcdts/core';

const PAUSE_MS = 20;

/** How the attempts went that did not simply succeed. */
export interface Tally {
  /** Sent, no answer: etcd may have applied them. */
  unknown: number;
  /** Never reached etcd. */
  notApplied: number;
  /** Of the unknown ones: had been applied, as asking again showed. */
  found: number;
}

/**
 * Creates an order once, whatever happens to the connection. An attempt that provably had no effect is just repeated; so
 * is one of unknown outcome, since the condition makes a second creation impossible.
 */
export async function createOrder(client: EtcdOperations, key: string, tally: Tally): Promise<void> {
  for (;;) {
    try {
      const answer = await client.kv.txn({ if: [keyMissing(key)], then: [op.put(key, 'accepted')] });
      if (!answer.succeeded) tally.found++;
      return;
    } catch (error) {
      if (!isEtcdError(error, 'UNAVAILABLE')) throw error;
      if (error.outcome === 'unknown') tally.unknown++;
      else tally.notApplied++;
      await sleep(PAUSE_MS);
    }
  }
}
