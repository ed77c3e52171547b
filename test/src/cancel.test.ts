// on both transports
// runs alone
// limit: 180 s
import { createClient, type EtcdClient, type KeepAlive, type WatchStream } from '@etcdts/core';
import { retry } from '@etcdts/retry';
import { assert, eventually, rejects, startEtcd, suite, type EtcdServer } from '@etcdts/testing';

const test = suite('cancelled at once', { timeoutMs: 90_000 });

let etcd: EtcdServer;
test.before(async () => {
  etcd = await startEtcd();
});
test.after(() => etcd?.close());

const metric = (name: string, labels?: Record<string, string>): Promise<number> => etcd.member.metric(name, labels);

/** The number of streams of one method that etcd has begun to serve and not ended. */
async function open(method: 'Watch' | 'LeaseKeepAlive'): Promise<number> {
  const labels = { grpc_method: method };
  return (await metric('grpc_server_started_total', labels)) - (await metric('grpc_server_handled_total', labels));
}

async function leftOvers(): Promise<Record<string, number>> {
  return {
    watchers: await metric('etcd_debugging_mvcc_watcher_total'),
    watchStreams: await metric('etcd_debugging_mvcc_watch_stream_total'),
    watchCalls: await open('Watch'),
    keepAliveCalls: await open('LeaseKeepAlive'),
  };
}

const NONE = { watchers: 0, watchStreams: 0, watchCalls: 0, keepAliveCalls: 0 };

/** Waits until etcd has no streams left. That takes some time, but must happen while the client is open. */
async function nothingIsLeft(): Promise<void> {
  let last = {};
  const isNone = async (): Promise<boolean> => {
    last = await leftOvers();
    return Object.values(last).every((count) => count === 0);
  };
  await eventually(isNone).catch(() => assert.equal(last, NONE));
}

/** Makes a connected client. */
async function connected(): Promise<EtcdClient> {
  const client = createClient({ endpoints: etcd.endpoints });
  await client.kv.get('cancel/ready');
  return client;
}

/** All ways to end a watch or keepalive. */
const WAYS: readonly ((begun: WatchStream | KeepAlive, controller: AbortController) => unknown)[] = [
  (begun) => begun.cancel(),
  (_, controller) => controller.abort(),
  (begun) => begun[Symbol.asyncDispose](),
  (begun) => (begun as AsyncIterable<unknown>)[Symbol.asyncIterator]().return?.(),
];

test('W-08: a watch cancelled, aborted, returned from or disposed of in the turn of its start leaves nothing on etcd', async () => {
  await using client = await connected();
  for (const end of WAYS) {
    for (let i = 0; i < 20; i++) {
      const controller = new AbortController();
      const watch = client.watch(`turn/${i}`, { signal: controller.signal });
      end(watch, controller);
      if (i % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    for (let microtasks = 1; microtasks < 20; microtasks++) {
      const controller = new AbortController();
      const watch = client.watch(`turn/${microtasks}`, { signal: controller.signal });
      for (let i = 0; i < microtasks; i++) await Promise.resolve();
      end(watch, controller);
    }
    await nothingIsLeft();
  }
});

test('L-05: a keepalive let go of in the turn of its start leaves no stream on etcd', async () => {
  await using client = await connected();
  const { id } = await client.lease.grant(60);
  for (const end of WAYS) {
    for (let microtasks = 0; microtasks < 20; microtasks++) {
      const controller = new AbortController();
      const kept = client.lease.keepAlive(id, { signal: controller.signal });
      for (let i = 0; i < microtasks; i++) await Promise.resolve();
      end(kept, controller);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await nothingIsLeft();
  }
});

test('10,000 watches and keepalives cancelled at random moments of their first 5 ms leave nothing on etcd', async () => {
  await using client = await connected();
  const leases = await Promise.all(Array.from({ length: 20 }, () => client.lease.grant(60)));
  const random = (below: number): number => Math.floor(Math.random() * below);
  const one = async (i: number): Promise<void> => {
    const controller = new AbortController();
    const { signal } = controller;
    const begun =
      i % 2 === 0
        ? client.watch(`random/${i}`, { signal, requireLeader: i % 4 === 0 })
        : client.lease.keepAlive(leases[random(leases.length)]?.id ?? 0n, { signal });
    const ms = Math.random() * 5;
    if (ms < 1) for (let hops = random(20); hops > 0; hops--) await Promise.resolve();
    else await new Promise((resolve) => setTimeout(resolve, ms));
    await WAYS[random(WAYS.length)]?.(begun, controller);
  };
  // There are few at a time, so that streams often have only one watch or lease, and end with it.
  for (let i = 0; i < 10_000;) {
    const batch: Promise<void>[] = [];
    for (let count = 1 + random(20); count > 0 && i < 10_000; count--) batch.push(one(i++));
    await Promise.all(batch);
  }
  await nothingIsLeft();
});

test('what is cancelled while its client connects leaves nothing on etcd', async () => {
  for (let i = 0; i < 40; i++) {
    await using client = createClient({ endpoints: etcd.endpoints, interceptors: [retry()] });
    const [watch, kept] = [client.watch(`connecting/${i}`), client.lease.keepAlive(1n)];
    for (let turns = i; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([watch.cancel(), kept.cancel()]);
    await client.kv.get('cancel/ready');
    if (i % 10 === 9) await nothingIsLeft();
  }
});

test('a put aborted in its own turn is never sent, and never applied', async () => {
  await using client = await connected();
  const before = await metric('grpc_server_started_total', { grpc_method: 'Put' });
  const puts = Array.from({ length: 200 }, async (_, i) => {
    const controller = new AbortController();
    const put = client.kv.put('cancel/put', `${i}`, { signal: controller.signal });
    controller.abort(new Error(`${i}`));
    await rejects(put, { message: `${i}` });
  });
  await Promise.all(puts);
  const { kvs, header } = await client.kv.get('cancel/put');
  assert.equal(kvs, []);
  assert.is((await client.kv.get('cancel/put')).header.revision, header.revision);
  assert.is(await metric('grpc_server_started_total', { grpc_method: 'Put' }), before);
});

test.run();
