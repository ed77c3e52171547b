// The client of @etcdts/core.
import { compare, createClient, op } from '@etcdts/core';
import type { Subject } from './subject.ts';

export function etcdts(address: string): Subject {
  const client = createClient({ endpoints: address });
  return {
    async put(key, value) {
      return (await client.kv.put(key, value)).header.revision;
    },
    async get(key) {
      return (await client.kv.get(key)).kvs[0]?.value;
    },
    async txn(key, value) {
      const { succeeded, responses } = await client.kv.txn({
        if: [compare.version(key, '>', 0)],
        then: [op.put(key, value), op.get(key)],
      });
      return succeeded ? responses[1].kvs[0]?.value : undefined;
    },
    async range(prefix) {
      let bytes = 0;
      for (const kv of (await client.kv.get(prefix, { prefix: true })).kvs) bytes += kv.key.length + kv.value.length;
      return bytes;
    },
    async watch(prefix, onEvent) {
      const watch = client.watch(prefix, { prefix: true });
      const read = async (): Promise<void> => {
        for await (const { kv } of watch.events()) onEvent(kv.modRevision, kv.key.length + kv.value.length);
      };
      const reading = read();
      await Promise.race([watch.created, reading]);
      return {
        async stop() {
          await watch.cancel();
          await reading;
        },
      };
    },
    async watches(keys) {
      await Promise.all(keys.map((key) => client.watch(key).created));
    },
    close: () => client.close(),
  };
}
