// The client of @etcdts/core, over each transport, bare, in a namespace, and with all plugins at once.
import { auth } from '@etcdts/auth';
import { type EtcdClient, type EtcdOperations, compare, createClient, op } from '@etcdts/core';
import type { Transport } from '@etcdts/core/plugin';
import { metrics } from '@etcdts/metrics';
import { withNamespace } from '@etcdts/namespace';
import { retry } from '@etcdts/retry';
import { Registry } from 'prom-client';
import { inBatches } from '../batches.ts';
import { NAMESPACE } from '../workload.ts';
import type { OnEvent, Running, Subject, Target } from './subject.ts';

/** What stands between the application and the wire: nothing, a namespace, or that and retry, metrics and auth. */
export type Plugins = 'none' | 'namespace' | 'all';

function interceptors(plugins: Plugins): Parameters<typeof createClient>[0]['interceptors'] {
  if (plugins !== 'all') return [];
  const token = async (): Promise<string> => 'bench-token';
  return [retry(), metrics({ registry: new Registry(), histogram: true }), auth({ token })];
}

function connect({ address, ca }: Target, transport: Transport | undefined, plugins: Plugins): EtcdClient {
  return createClient({
    endpoints: address,
    interceptors: interceptors(plugins),
    ...(transport !== undefined && { transport }),
    ...(ca !== undefined && { tls: { ca } }),
  });
}

/** Makes a client over a transport; over grpc-js if it is `undefined`. */
export function etcdts(target: Target, transport?: Transport, plugins: Plugins = 'none'): Subject {
  const whole = connect(target, transport, plugins);
  const client = plugins === 'none' ? whole : withNamespace(whole, NAMESPACE);
  return { ...operationsOf(client, plugins === 'none' ? 0 : NAMESPACE.length, whole), close: () => whole.close() };
}

function operationsOf(client: EtcdOperations, cut: number, { maintenance }: EtcdClient): Omit<Subject, 'close'> {
  const { kv, lease } = client;
  const own = (key: string): string => (cut === 0 ? key : key.slice(cut));
  return {
    cut,
    async put(key, value) {
      return (await kv.put(own(key), value)).header.revision;
    },
    async get(key) {
      return (await kv.get(own(key))).kvs[0]?.value;
    },
    async txn(key, value) {
      const mine = own(key);
      const { succeeded, responses } = await kv.txn({
        if: [compare.version(mine, '>', 0)],
        then: [op.put(mine, value), op.get(mine)],
      });
      return succeeded ? responses[1].kvs[0]?.value : undefined;
    },
    async range(prefix) {
      let bytes = 0;
      for (const { key, value } of (await kv.get(own(prefix), { prefix: true })).kvs)
        bytes += key.length + value.length;
      return bytes;
    },
    async pages(prefix) {
      let bytes = 0;
      for await (const { kvs } of kv.pages(own(prefix), { prefix: true, pageSize: 1_000 })) {
        for (const { key, value } of kvs) bytes += key.length + value.length;
      }
      return bytes;
    },
    async snapshot() {
      let bytes = 0;
      for await (const chunk of maintenance.snapshot()) bytes += chunk.length;
      return bytes;
    },
    watch: (prefix, onEvent) => watchPrefix(client, own(prefix), onEvent),
    async watches(keys, onEvent) {
      const watches = keys.map((key) => client.watch(own(key)));
      if (onEvent !== undefined) for (const watch of watches) void readAll(watch, onEvent);
      await Promise.all(watches.map(({ created }) => created));
      return watches;
    },
    leases: (count, ttl) => inBatches(count, async () => lease.keepAlive((await lease.grant(ttl)).id)),
  };
}

type Watch = ReturnType<EtcdOperations['watch']>;

async function readAll(watch: Watch, onEvent: OnEvent): Promise<void> {
  for await (const { events } of watch) {
    for (const { kv } of events) onEvent(kv.modRevision, kv.key.length + kv.value.length);
  }
}

async function watchPrefix(client: EtcdOperations, prefix: string, onEvent: OnEvent): Promise<Running> {
  const watch = client.watch(prefix, { prefix: true });
  const reading = readAll(watch, onEvent);
  await Promise.race([watch.created, reading]);
  return {
    async stop() {
      await watch.cancel();
      await reading;
    },
  };
}
