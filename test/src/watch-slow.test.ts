// limit: 180 s
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createClient, type EtcdClient } from '@etcdts/core';
import { assert, eventually, rejects, startEtcd, startProxy, suite, type EtcdServer } from '@etcdts/testing';
import { Recording } from './watch-history.ts';

const test = suite('watch with slow readers', { timeoutMs: 90_000 });

const MB = 1024 * 1024;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let etcd: EtcdServer;
let writer: EtcdClient;

test.before(async () => {
  etcd = await startEtcd({ quotaBytes: 2048 * MB });
  writer = createClient({ endpoints: etcd.endpoints });
});
test.after(async () => {
  await writer?.close();
  await etcd?.close();
});

/** The memory of buffers and heap after a garbage collection. */
async function held(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('W-12 H23 H24: a reader that stalls over 200 MB holds 8 MiB, its 20 neighbours miss nothing, it gets all', async () => {
  await using client = createClient({ endpoints: etcd.endpoints });
  const slow = client.watch('slow/', { prefix: true });
  const neighbours = Array.from({ length: 20 }, () => new Recording(client.watch('slow/tick', {})));
  await slow.created;
  const before = await held();
  const value = Buffer.alloc(MB, 1);
  for (let i = 0; i < 200; i++) {
    await writer.kv.put(`slow/${i}`, value);
    await writer.kv.put('slow/tick', String(i));
  }
  await eventually(() => neighbours.every(({ events }) => events === 200));
  const grown = (await held()) - before;
  assert.ok(grown < 24 * MB, `${Math.round(grown / MB)} MB held`);
  let events = 0;
  let last = 0n;
  let largest = 0;
  for await (const response of slow) {
    for (const { kv } of response.events) {
      assert.ok(kv.modRevision > last);
      last = kv.modRevision;
      events += 1;
    }
    largest = Math.max(
      largest,
      response.events.reduce((sum, { kv }) => sum + kv.value.length, 0),
    );
    if (events === 400) break;
  }
  assert.is(events, 400);
  assert.ok(largest < 16 * MB, `${largest / MB} MB came at once`);
});

test('W-12: a reader that stalls over 40,000 small events holds little more than its bound, too', async () => {
  await using client = createClient({ endpoints: etcd.endpoints });
  const slow = client.watch('small/', { prefix: true });
  await slow.created;
  const before = await held();
  let written = 0;
  const write = async (): Promise<void> => {
    while (written < 40_000) await writer.kv.put(`small/${++written % 1_000}`, 'x'.repeat(100));
  };
  await Promise.all(Array.from({ length: 32 }, write));
  // It is parked.
  await eventually(async () => (await etcd.member.metric('etcd_debugging_mvcc_watcher_total')) === 0);
  const grown = (await held()) - before;
  assert.ok(grown < 24 * MB, `${Math.round(grown / MB)} MB held`);
  let events = 0;
  let last = 0n;
  for await (const { kv } of slow.events()) {
    assert.ok(kv.modRevision > last);
    last = kv.modRevision;
    if (++events === written) break;
  }
  assert.is(events, written);
});

test('W-31: what is compacted while a watch is parked ends it with COMPACTED, after what it holds', async () => {
  await using client = createClient({ endpoints: etcd.endpoints });
  const watch = client.watch('parked/', { prefix: true, maxBufferedBytes: 1_000 });
  await watch.created;
  const value = Buffer.alloc(600, 1);
  for (let i = 0; i < 20; i++) await writer.kv.put(`parked/${i}`, value);
  const { header } = await writer.kv.put('parked/last', value);
  // The watch on etcd is gone once its cancel is confirmed.
  await eventually(async () => (await etcd.member.metric('etcd_debugging_mvcc_watcher_total')) === 0);
  await writer.kv.compact(header.revision);
  const keys: string[] = [];
  await rejects(
    async () => {
      for await (const { kv } of watch.events()) keys.push(kv.key.toString());
    },
    { code: 'COMPACTED', compactRevision: header.revision },
  );
  assert.ok(keys.length >= 1 && keys.length <= 3, String(keys));
  assert.equal(
    keys,
    keys.map((_, i) => `parked/${i}`),
  );
});

test('W-12 H16: slow readers behind a connection that is cut again and again get all, once, in order', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: [proxy.endpoint] });
  const watches = Array.from({ length: 5 }, (_, i) =>
    client.watch('cut/', { prefix: true, maxBufferedBytes: 1_000 * 4 ** i }),
  );
  await Promise.all(watches.map(({ created }) => created));
  const value = Buffer.alloc(500, 1);
  const history: bigint[] = [];
  const write = async (): Promise<void> => {
    for (let i = 0; i < 2_000; i++) {
      const { header } = await writer.kv.put(`cut/${i}`, value);
      history.push(header.revision);
      if (i % 200 === 99) proxy.cut();
    }
  };
  const read = async (watch: (typeof watches)[number], pace: number): Promise<bigint[]> => {
    const revisions: bigint[] = [];
    for await (const { kv } of watch.events()) {
      revisions.push(kv.modRevision);
      if (revisions.length % pace === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      if (revisions.length === 2_000) break;
    }
    return revisions;
  };
  const seen = await Promise.all([write(), ...watches.map((watch, i) => read(watch, 5 + 10 * i))]);
  for (const revisions of seen.slice(1)) assert.equal(revisions, history);
});

test.run();
