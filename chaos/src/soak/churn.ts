import { createClient, isEtcdError, type EtcdClient } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { http2Transport } from '@etcdts/http2';
import { retry } from '@etcdts/retry';
import { pause } from '../clock.ts';

/** What the parts of a soak share. */
export interface Soak {
  readonly endpoint: string;
  readonly transport: 'grpc' | 'http2';
  readonly random: () => number;
  /** Ends the work. It is also the signal of many calls, so that listeners that stay on it can be counted. */
  readonly ending: AbortSignal;
  /** How often each part has done its work. */
  readonly counts: Map<string, number>;
}

export function connect({ endpoint, transport }: Soak, interceptors: readonly Interceptor[] = [retry()]): EtcdClient {
  return createClient({
    endpoints: endpoint,
    interceptors,
    requestTimeoutMs: 5_000,
    ...(transport === 'http2' && { transport: http2Transport() }),
  });
}

/** The parts: each does its work once. */
export const PARTS: Readonly<Record<string, (soak: Soak, client: EtcdClient) => Promise<void>>> = {
  calls: async ({ random, ending }, client) => {
    const key = `soak/${Math.floor(random() * 100)}`;
    for (let i = 0; i < 20; i++) {
      if (random() < 0.3) await client.kv.put(key, 'x'.repeat(100), { signal: ending });
      else await client.kv.get(key, { signal: ending });
    }
  },
  clients: async (soak) => {
    // It ends also if the get fails, for example because a cut came.
    await using client = connect(soak);
    const watch = client.watch('soak/', { prefix: true });
    await client.kv.get('soak/1');
    const closing = client.close();
    for await (const _ of watch) break;
    await closing;
  },
  watches: async ({ random, ending }, client) => {
    const watch = client.watch(`soak/${Math.floor(random() * 100)}`, { signal: ending });
    await watch.created;
    if (random() < 0.5) await watch.cancel();
    else for await (const _ of interrupted(watch, 20)) break;
  },
  firstTurn: async (_, client) => {
    const watch = client.watch('soak/', { prefix: true });
    void watch.cancel();
    for await (const __ of watch) break;
    const ending = new AbortController();
    const call = client.kv.get('soak/1', { signal: ending.signal });
    ending.abort();
    await call.catch(() => {});
  },
  aborts: async ({ random }, client) => {
    const ending = new AbortController();
    const { signal } = ending;
    const calls = [
      client.kv.get('soak/1', { signal }),
      client.kv.put('soak/1', 'y', { signal }),
      client.kv.get('soak/', { prefix: true, signal }),
    ];
    setTimeout(() => ending.abort(), random() * 4);
    await Promise.allSettled(calls);
  },
  leases: async ({ ending }, client) => {
    const { id } = await client.lease.grant(30);
    const alive = client.lease.keepAlive(id, { signal: ending });
    await alive.renewed;
    void alive.signal.aborted;
    await alive.cancel();
    await client.lease.revoke(id);
  },
  pages: async ({ ending }, client) => {
    for await (const _ of client.kv.pages('soak/', { prefix: true, pageSize: 20, signal: ending })) {
      // Every second one is left early.
      if (Math.random() < 0.5) break;
    }
  },
};

/** A watch that ends by itself after some time. */
async function* interrupted<T>(watch: AsyncIterable<T> & { cancel(): Promise<void> }, ms: number): AsyncGenerator<T> {
  const timer = setTimeout(() => void watch.cancel(), ms);
  try {
    yield* watch;
  } finally {
    clearTimeout(timer);
  }
}

/** Does the work of a part again and again. */
export async function churn(soak: Soak, name: string, client: EtcdClient, restMs: number): Promise<void> {
  while (!soak.ending.aborted) {
    try {
      await PARTS[name]?.(soak, client);
    } catch (error) {
      if (!isEtcdError(error) && !soak.ending.aborted) throw error;
    }
    soak.counts.set(name, (soak.counts.get(name) ?? 0) + (name === 'calls' ? 20 : 1));
    if (restMs > 0) await pause(restMs * 2 * soak.random());
  }
}
