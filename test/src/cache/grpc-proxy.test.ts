// limit: 120 s
import { cached, follow, type CachedClient } from '@etcdts/cache';
import { createClient, type EtcdClient } from '@etcdts/core';
import { assert, eventually, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { GrpcProxy } from '../grpc-proxy.ts';
import { Followed } from './followed.ts';

const test = suite('copies behind a grpc-proxy', { timeoutMs: 60_000 });
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

async function reads({ kv }: CachedClient, key: string): Promise<string | undefined> {
  return (await kv.get(key)).kvs[0]?.text();
}

test('CC-05 bookmarks do not come through it, and linearizable reads have every write nevertheless', async () => {
  await using client = createClient({ endpoints: [proxy.address] });
  const copied = cached(client, 'proxied/');
  await copied.cache.whenReady();
  for (let i = 0; i < 20; i++) {
    await writer.kv.put('proxied/a', String(i));
    assert.is(await reads(copied, 'proxied/a'), String(i));
    // The store moves on, and no event shows the copy that it is still current.
    await writer.kv.put('elsewhere', String(i));
    assert.is(await reads(copied, 'proxied/a'), String(i));
  }
  await eventually(() => copied.cache.peek('proxied/a')?.text() === '19');
  assert.is(copied.cache.stats().restarts, 0);
  await copied.close();
});

test('CC-01 FO-05 a copy and what is followed go on when the proxy is restarted, without a new base', async () => {
  await using client = createClient({ endpoints: [proxy.address] });
  await writer.kv.put('restart/a', '1');
  const copied = cached(client, 'restart/');
  await using following = follow(client, 'restart/', { prefix: true });
  const seen = new Followed(following);
  await Promise.all([following.synced, copied.cache.whenReady()]);
  await writer.kv.put('restart/a', '2');
  await eventually(() => seen.state.get('restart/a') === '2');
  await proxy.stop();
  await writer.kv.put('restart/a', '3');
  await writer.kv.put('restart/b', '1');
  await proxy.start();
  await eventually(() => seen.state.get('restart/a') === '3' && seen.state.get('restart/b') === '1', {
    timeoutMs: 20_000,
  });
  await eventually(() => copied.cache.size === 2 && copied.cache.peek('restart/a')?.text() === '3');
  assert.equal([seen.restarts, copied.cache.stats().restarts], [0, 0]);
  await copied.close();
});

test.run();
