import { createClient, type EtcdClient } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { metrics } from '@etcdts/metrics';
import { retry } from '@etcdts/retry';
import { assert, eventually, startEtcd, startProxy, suite, type EtcdServer, type FaultProxy } from '@etcdts/testing';
import { Registry } from 'prom-client';

const test = suite('metrics on etcd', { timeoutMs: 20_000 });

let etcd: EtcdServer;
test.before(async () => {
  etcd = await startEtcd();
});
test.after(() => etcd?.close());

/** The value of one sample, by a part of its line; 0 if it is missing. */
async function valueOf(registry: Registry, name: string, ...labels: string[]): Promise<number> {
  const lines = (await registry.metrics()).split('\n');
  const line = lines.find((one) => one.startsWith(name) && labels.every((label) => one.includes(`"${label}"`)));
  return Number(line?.split(' ').at(-1) ?? 0);
}

const received = (registry: Registry): Promise<number> =>
  valueOf(registry, 'grpc_client_msg_received_total', 'Watch', 'bidi_stream');

test('ME-03: a put is one started, an event one message received on the stream', async () => {
  const registry = new Registry();
  await using client = createClient({ endpoints: etcd.endpoint, interceptors: [metrics({ registry })] });
  const watch = client.watch('metrics/a');
  await watch.created;
  const before = await received(registry);
  await client.kv.put('metrics/a', 'b');
  await watch[Symbol.asyncIterator]().next();
  assert.is(await valueOf(registry, 'grpc_client_started_total', 'Put', 'unary'), 1);
  assert.is((await received(registry)) - before, 1);
  assert.is(await valueOf(registry, 'etcdts_watch_events_total'), 1);
});

test('a watch stream that is lost is one handled and one started more, and one resume; its events count once', async () => {
  const registry = new Registry();
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint, interceptors: [metrics({ registry })] });
  const watch = client.watch('metrics/b');
  await watch.created;
  const responses = watch[Symbol.asyncIterator]();
  await client.kv.put('metrics/b', '1');
  await responses.next();
  proxy.cut();
  await eventually(async () => (await valueOf(registry, 'etcdts_watch_resumes_total')) === 1);
  const next = responses.next();
  await client.kv.put('metrics/b', '2');
  await next;
  assert.is(await valueOf(registry, 'grpc_client_started_total', 'Watch'), 2);
  assert.is(await valueOf(registry, 'grpc_client_handled_total', 'Watch', 'Unavailable'), 1);
  assert.is(await valueOf(registry, 'etcdts_watch_events_total'), 2);
  assert.is(await valueOf(registry, 'etcdts_watches'), 1);
});

test('OPT-20 a watch whose reader is behind is parked, and what it has buffered is reported', async () => {
  const registry = new Registry();
  await using client = createClient({ endpoints: etcd.endpoint, interceptors: [metrics({ registry })] });
  const watch = client.watch('metrics/c', { maxBufferedBytes: 4_096 });
  await watch.created;
  for (let i = 0; i < 4; i++) await client.kv.put('metrics/c', 'x'.repeat(2_000));
  await eventually(async () => (await valueOf(registry, 'etcdts_watches_parked')) === 1);
  assert.ok((await valueOf(registry, 'etcdts_watch_buffered_bytes')) > 4_096);
  await watch.cancel();
  assert.is(await valueOf(registry, 'etcdts_watches_parked'), 0);
  assert.is(await valueOf(registry, 'etcdts_watch_buffered_bytes'), 0);
});

/** Makes a read that loses its connection under way. */
async function lostRead(client: EtcdClient, proxy: FaultProxy): Promise<void> {
  await client.kv.get('metrics/d');
  proxy.pause('toClient');
  const { toServer } = proxy.bytes;
  const read = client.kv.get('metrics/d');
  await eventually(() => proxy.bytes.toServer > toServer);
  proxy.cut();
  await proxy.heal();
  await read;
}

test('CF-13 B-07 outside of retry() a read that is tried twice is one OK, inside also an Unavailable; the retry counts in both', async () => {
  for (const inside of [false, true]) {
    const registry = new Registry();
    const counted = metrics({ registry });
    const interceptors: Interceptor[] = inside ? [retry(), counted] : [counted, retry()];
    await using proxy = await startProxy(etcd.endpoint);
    await using client = createClient({ endpoints: proxy.endpoint, interceptors });
    await lostRead(client, proxy);
    const retries = await valueOf(registry, 'etcdts_retries_total', 'Range', 'UNAVAILABLE');
    assert.ok(retries >= 1);
    assert.is(await valueOf(registry, 'grpc_client_handled_total', 'Range', 'OK'), 2);
    assert.is(await valueOf(registry, 'grpc_client_handled_total', 'Range', 'Unavailable'), inside ? retries : 0);
    assert.is(await valueOf(registry, 'grpc_client_started_total', 'Range'), inside ? 2 + retries : 2);
  }
});

test.run();
