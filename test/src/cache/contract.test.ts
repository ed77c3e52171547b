// The contracts of a client through a copy: on a real etcd and on the embedded one.
import { cached, type CachedClient } from '@etcdts/cache';
import { createClient, type EtcdClient } from '@etcdts/core';
import { startEmbedded } from '@etcdts/embedded';
import { assert, startEtcd, suite } from '@etcdts/testing';
import { contracts, type Server } from '../contract-clients.ts';

const servers: Record<string, () => Promise<Server>> = { 'a real etcd': startEtcd, 'the embedded one': startEmbedded };

for (const [server, start] of Object.entries(servers)) {
  for (const [name, contract] of Object.entries(contracts)) {
    const test = suite(`${name} contract through cached(), on ${server}`);
    let etcd: Server | undefined;
    let client: EtcdClient | undefined;
    let copied: CachedClient | undefined;
    let ranges = 0;

    test.before(async () => {
      etcd = await start();
      client = createClient({
        endpoints: etcd.endpoint,
        interceptors: [
          {
            name: 'counting',
            unary: (next, method) => (method.name === 'Range' ? (call) => (ranges++, next(call)) : next),
          },
        ],
      });
      copied = cached(client, 'contract/');
      await copied.cache.whenReady();
    });
    test.after(async () => {
      await copied?.close();
      await client?.close();
      await etcd?.close();
    });

    contract(test, () => ({ client: copied as CachedClient }));

    test('CC-04 the copy is what answered: reads of it share one question, and cost no read of their own', async () => {
      const { kv, cache } = copied as CachedClient;
      await kv.put('contract/last', 'v');
      await kv.get('contract/last');
      const before = ranges;
      const answers = await Promise.all(Array.from({ length: 100 }, () => kv.get('contract/last')));
      assert.ok(answers.every(({ kvs }) => kvs[0]?.text() === 'v'));
      assert.ok(ranges - before <= 2, `${ranges - before} reads of etcd for 100 reads`);
      assert.ok(cache.ready);
    });
    test.run();
  }
}
