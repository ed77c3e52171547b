import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createClient } from '@etcdts/core';
import { assert, deferred, suite } from '@etcdts/testing';
import { Registry } from 'prom-client';
import { metrics } from './metrics.ts';
import { FakeServer, header } from './server.test.kit.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const test = suite('closed clients');

const PUT = 'grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put"';

/** A client with a `metrics()` of its own, which puts once and is closed. */
async function comeAndGo(registry: Registry, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  const counted = metrics({ registry, histogram: true, labels });
  const client = createClient({ endpoints: '127.0.0.1:1', interceptors: [counted, new FakeServer()] });
  await client.kv.put('a', 'b');
  await client.close();
}

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test('1,000 clients that each had a metrics() leave nothing behind but their sums, also if nobody reads', async () => {
  const registry = new Registry();
  for (let i = 0; i < 100; i++) await comeAndGo(registry);
  const scraped = (await registry.metrics()).length;
  const before = heapBytes();
  for (let i = 0; i < 1_000; i++) await comeAndGo(registry);
  const grown = heapBytes() - before;
  assert.ok(grown < 5_000_000, `${grown} bytes more`);
  const text = await registry.metrics();
  assert.ok(text.includes(`grpc_client_handled_total{${PUT},grpc_code="OK"} 1100\n`));
  assert.ok(text.includes(`grpc_client_handling_seconds_count{${PUT}} 1100\n`));
  assert.ok(text.length - scraped < 200, `${text.length - scraped} characters more`);
});

test('a call that ends, and one that is made, after the last report of a closed client is counted', async () => {
  const registry = new Registry();
  const server = new FakeServer();
  const answered = deferred<unknown>();
  server.answer = () => answered.promise;
  const client = createClient({ endpoints: '127.0.0.1:1', interceptors: [metrics({ registry }), server] });
  const put = client.kv.put('a', 'b');
  await client.close();
  const seen = async (): Promise<boolean[]> => {
    const text = await registry.metrics();
    return [1, 2].flatMap((n) => [
      text.includes(`grpc_client_started_total{${PUT}} ${n}\n`),
      text.includes(`grpc_client_handled_total{${PUT},grpc_code="OK"} ${n}\n`),
    ]);
  };
  assert.equal(await seen(), [true, false, false, false]);
  answered.resolve({ header });
  await put;
  assert.equal(await seen(), [true, true, false, false]);
  await client.kv.put('a', 'b');
  assert.equal(await seen(), [false, false, true, true]);
});

test('a client that is open again after the others were closed is counted on, and gauges stay at 0 between', async () => {
  const registry = new Registry();
  const labels = { cluster: 'a' };
  const counted = metrics({ registry, labels });
  const watches = async (): Promise<string | undefined> =>
    /^etcdts_watches{cluster="a"} (\d+)$/m.exec(await registry.metrics())?.[1];
  for (const open of [1, 2]) {
    const client = createClient({ endpoints: '127.0.0.1:1', interceptors: [counted, new FakeServer()] });
    for (let i = 0; i < open; i++) client.watch('a');
    assert.is(await watches(), String(open));
    await client.close();
    for (let i = 0; i < 3; i++) assert.is(await watches(), '0');
  }
  assert.match(await registry.metrics(), /^grpc_client_handled_total{.*method="Watch".*} 2$/m);
});

test.run();
