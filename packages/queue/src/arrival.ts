import { isEtcdError, type CallOptions, type EtcdOperations, type WatchStream } from '@etcdts/core';
import type { Layout } from './layout.ts';

/**
 * Waits until there may be an item: one was added, or one came back, after a revision. Rejects with the reason of the signal.
 *
 * An acknowledged item is deleted together with its claim, in one revision. So only a claim that goes without its item counts.
 */
export async function arrival(
  client: EtcdOperations,
  layout: Layout,
  revision: bigint,
  options: CallOptions,
): Promise<void> {
  const startRevision = revision + 1n;
  const added = client.watch(layout.items.from, {
    ...options,
    rangeEnd: layout.items.rangeEnd,
    startRevision,
    filters: ['delete'],
  });
  const ended = client.watch(layout.held, { ...options, prefix: true, startRevision, filters: ['put'] });
  const first = Promise.race([anyEvent(added), returned(ended, layout)]);
  try {
    await first;
  } catch (error) {
    // What happened meanwhile is seen by the next read.
    if (!isEtcdError(error, 'COMPACTED')) throw error;
  } finally {
    await Promise.all([added.cancel(), ended.cancel()]);
  }
}

async function anyEvent(watch: WatchStream): Promise<void> {
  for await (const { events } of watch) if (events.length > 0) return;
}

async function returned(watch: WatchStream, { heldClaims, heldItems }: Layout): Promise<void> {
  for await (const { events } of watch) {
    const orders = (below: Buffer): string[] =>
      events
        .filter(({ kv }) => kv.key.subarray(0, below.length).equals(below))
        .map(({ kv }) => kv.key.toString('latin1', below.length));
    const acknowledged = new Set(orders(heldItems));
    if (orders(heldClaims).some((order) => !acknowledged.has(order))) return;
  }
}
