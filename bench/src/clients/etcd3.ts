// The client etcd3 of npm.
import { Etcd3, type Lease, type Watcher } from 'etcd3';
import { inBatches } from '../batches.ts';
import type { OnEvent, Running, Subject, Target } from './subject.ts';

export function etcd3({ address, ca }: Target): Subject {
  const client =
    ca === undefined
      ? new Etcd3({ hosts: address })
      : new Etcd3({ hosts: `https://${address}`, credentials: { rootCertificate: Buffer.from(ca) } });
  return {
    cut: 0,
    async put(key, value) {
      return (await client.put(key).value(value).exec()).header.revision;
    },
    async get(key) {
      return (await client.get(key).exec()).kvs[0]?.value;
    },
    async txn(key, value) {
      const { succeeded, responses } = await client
        .if(key, 'Version', '>', 0)
        .then(client.put(key).value(value), client.get(key))
        .commit();
      return succeeded ? responses[1]?.response_range.kvs[0]?.value : undefined;
    },
    async range(prefix) {
      let bytes = 0;
      for (const kv of (await client.getAll().prefix(prefix).exec()).kvs) bytes += kv.key.length + kv.value.length;
      return bytes;
    },
    async watch(prefix: string, onEvent: OnEvent): Promise<Running> {
      const watcher = await client.watch().prefix(prefix).create();
      watcher.on('put', (kv) => onEvent(kv.mod_revision, kv.key.length + kv.value.length));
      return { stop: () => watcher.cancel() };
    },
    async watches(keys, onEvent) {
      const watchers = await Promise.all(keys.map((key): Promise<Watcher> => client.watch().key(key).create()));
      if (onEvent === undefined) return watchers;
      for (const watcher of watchers) {
        watcher.on('put', (kv) => onEvent(kv.mod_revision, kv.key.length + kv.value.length));
      }
      return watchers;
    },
    leases: (count, ttl) =>
      inBatches(count, async (): Promise<Lease> => {
        const lease = client.lease(ttl);
        await lease.grant();
        return lease;
      }),
    close() {
      client.close();
    },
  };
}
