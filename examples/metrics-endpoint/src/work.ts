import { setTimeout as pause } from 'node:timers/promises';
import { isEtcdError, type EtcdOperations } from '@etcdts/core';

const PREFIX = 'metrics-endpoint/';

/** Says where this service is, under a lease, and says it anew where the lease is lost. */
export async function stayRegistered(client: EtcdOperations, where: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { id } = await client.lease.grant(6, { signal });
    const kept = client.lease.keepAlive(id, { signal });
    await client.kv.put(`${PREFIX}services/${process.pid}`, where, { lease: id, signal });
    try {
      for await (const _ of kept);
    } catch (error) {
      if (!isEtcdError(error)) throw error;
      console.log(`lease lost, registered anew: ${error.message}`);
    }
  }
}

/** Applies settings as they change, one after the other; each takes its time. */
export async function followSettings(client: EtcdOperations, signal: AbortSignal): Promise<void> {
  const settings = client.watch(`${PREFIX}settings/`, { prefix: true, maxBufferedBytes: 1 << 20, signal });
  for await (const { events } of settings) await pause(5 * events.length, undefined, { signal });
}

/** Counts rounds, each once, and looks at what others have counted. */
export async function countRounds(client: EtcdOperations, signal: AbortSignal): Promise<void> {
  for (let round = 1; !signal.aborted; round++) {
    const key = `${PREFIX}rounds/${process.pid}`;
    // A write that may have been applied is not repeated by itself. This one may be: it says the same again.
    await client.kv.put(key, String(round), { signal, retry: { writes: 'at-least-once' } });
    await client.kv.get(`${PREFIX}rounds/`, { prefix: true, signal });
    await pause(20, undefined, { signal });
  }
}
