import { isEtcdError, type EtcdClient } from '@etcdts/core';
import { now, pause } from '../clock.ts';
import { LEASED } from '../keys.ts';
import type { WorkerContext } from './worker-context.ts';

/** Seconds. */
const TTL = 3;
/** How often a holder looks at its signal, in ms. */
const LOOK = 5;

/** Holds one lease with a key after the other: keeps it alive for a while, then lets it expire or revokes it. */
export async function leaseAgainAndAgain(
  context: WorkerContext,
  client: EtcdClient,
  number: number,
  stopping: AbortSignal,
): Promise<void> {
  const { process, recorder, random } = context;
  for (let count = 1; !stopping.aborted; count++) {
    const lease = String(process * 1_000_000_000 + number * 1_000_000 + count);
    const seen = (what: 'granted' | 'kept' | 'open' | 'lost' | 'revoked', more: object = {}): void =>
      recorder.write({ type: 'lease', process, lease, at: now(), what, ...more });
    const granted = await context.perform(client, number, { type: 'grant', lease, ttl: TTL });
    if (granted.error !== undefined) continue;
    seen('granted', { ttl: TTL });
    const alive = client.lease.keepAlive(BigInt(lease));
    // What a renewal has told is in the signal; the iteration records when renewals came.
    const reading = (async () => {
      try {
        for await (const { ttl } of alive) seen('kept', { ttl: Number(ttl) });
      } catch (error) {
        if (!isEtcdError(error)) throw error;
      }
    })();
    await context.perform(client, number, { type: 'put', key: `${LEASED}${lease}`, value: context.value(), lease });
    const until = performance.now() + 2_000 + 8_000 * random();
    let open = 0;
    while (performance.now() < until && !stopping.aborted) {
      const at = now();
      if (alive.signal.aborted) break;
      open = at;
      await pause(LOOK);
    }
    const { aborted } = alive.signal;
    if (open > 0) recorder.write({ type: 'lease', process, lease, at: open, what: 'open' });
    if (aborted) seen('lost', { code: (alive.signal.reason as { code?: string }).code });
    await alive.cancel();
    await reading;
    if (!aborted && random() < 0.5) {
      const { error } = await context.perform(client, number, { type: 'revoke', lease });
      if (error === undefined) seen('revoked');
    }
  }
}
