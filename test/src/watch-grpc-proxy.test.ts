// limit: 120 s
import { createClient, type EtcdClient } from '@etcdts/core';
import { assert, eventually, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { GrpcProxy } from './grpc-proxy.ts';
import { Recording } from './watch-history.ts';

const test = suite('watch behind a grpc-proxy', { timeoutMs: 30_000 });

let etcd: EtcdServer;
let writer: EtcdClient;
let proxy: GrpcProxy;

test.before(async () => {
  etcd = await startEtcd();
  writer = createClient({ endpoints: etcd.endpoints });
  proxy = await GrpcProxy.start(etcd.endpoint);
});
test.after(async () => {
  await proxy?.stop();
  await writer?.close();
  await etcd?.close();
});

test('PX-02 W-06: answers out of order give no watch the events of another', async () => {
  await using client = createClient({ endpoints: [proxy.address] });
  await client.watch('known').created;
  // The proxy answers at once for a range that it watches already, and asks etcd for a new one.
  const keys = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? `new/${i}` : 'known'));
  const watches = keys.map((key) => client.watch(key, { metadata: { apart: 'yes' } }));
  const recordings = watches.map((watch) => new Recording(watch));
  await Promise.all(watches.map(({ created }) => created));
  for (const key of new Set(keys)) await writer.kv.put(key, 'v');
  await eventually(() => recordings.every(({ events }) => events === 1));
  for (const [i, { responses }] of recordings.entries()) {
    assert.is(responses[0]?.events[0]?.kv.key.toString(), keys[i]);
  }
});

// It chooses ids itself, from 0, shares one watch of its own among equal ones, and answers in any order.
test('GP-02 W-05 W-06: each of 120 watches sees its own key, and goes on when the proxy is restarted', async () => {
  await using client = createClient({ endpoints: [proxy.address] });
  const keys = Array.from({ length: 120 }, (_, i) => `proxied/${i % 100}`);
  const watches = keys.map((key) => client.watch(key));
  const recordings = watches.map((watch) => new Recording(watch));
  await Promise.all(watches.map(({ created }) => created));
  for (const key of keys.slice(0, 100)) await writer.kv.put(key, 'first');
  await eventually(() => recordings.every(({ events }) => events === 1));
  await Promise.all(watches.slice(0, 50).map((watch) => watch.cancel()));
  await proxy.stop();
  for (const key of keys.slice(0, 100)) await writer.kv.put(key, 'second');
  await proxy.start();
  await eventually(() => recordings.slice(50).every(({ events }) => events === 2));
  for (const [i, { responses }] of recordings.entries()) {
    const seen = responses.flatMap(({ events }) => events.map(({ kv }) => `${kv.key.toString()}=${kv.text()}`));
    assert.equal(seen, i < 50 ? [`${keys[i]}=first`] : [`${keys[i]}=first`, `${keys[i]}=second`]);
  }
});

test.run();
