// The client etcd3 of npm.
import { Etcd3, type Watcher } from 'etcd3';
import type { OnEvent, Subject, Watching } from './subject.ts';

export function etcd3(address: string): Subject {
  const client = new Etcd3({ hosts: address });
  return {
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
    async watch(prefix: string, onEvent: OnEvent): Promise<Watching> {
      const watcher = await client.watch().prefix(prefix).create();
      watcher.on('put', (kv) => onEvent(kv.mod_revision, kv.key.length + kv.value.length));
      return { stop: () => watcher.cancel() };
    },
    async watches(keys) {
      await Promise.all(keys.map((key): Promise<Watcher> => client.watch().key(key).create()));
    },
    close() {
      client.close();
    },
  };
}
