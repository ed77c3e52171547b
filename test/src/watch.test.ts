// limit: 180 s
import { createClient, type EtcdClient } from '@etcdts/core';
import { assert, eventually, isAtLeast, rejects, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { Recording } from './watch-history.ts';

const test = suite('watch on etcd', { timeoutMs: 60_000 });

let etcd: EtcdServer;
let writer: EtcdClient;

test.before(async () => {
  etcd = await startEtcd();
  writer = createClient({ endpoints: etcd.endpoints });
});
test.after(async () => {
  await writer?.close();
  await etcd?.close();
});

const streams = (): Promise<number> => etcd.member.metric('etcd_debugging_mvcc_watch_stream_total');
const watchers = (): Promise<number> => etcd.member.metric('etcd_debugging_mvcc_watcher_total');
const created = (watches: readonly { readonly created: Promise<unknown> }[]): Promise<unknown> =>
  Promise.all(watches.map((watch) => watch.created));

// etcd needs some time to drop the watches of the previous test.
test.before.each(() => eventually(async () => (await streams()) === 0 && (await watchers()) === 0));

test('W-01: 500 watches are one stream, two with another leader requirement, and none after close', async () => {
  const client = createClient({ endpoints: etcd.endpoints });
  const watches = Array.from({ length: 500 }, (_, i) => client.watch(`count/${i}`));
  await created(watches);
  assert.equal([await streams(), await watchers()], [1, 500]);
  await client.watch('count/plain', { requireLeader: false }).created;
  assert.equal([await streams(), await watchers()], [2, 501]);
  await client.close();
  await eventually(async () => (await streams()) === 0 && (await watchers()) === 0);
});

test('W-05: 5,000 watches are registered in less than 5 s', async () => {
  await using client = createClient({ endpoints: etcd.endpoints });
  const begin = performance.now();
  await created(Array.from({ length: 5_000 }, (_, i) => client.watch(`many/${i}`)));
  assert.ok(performance.now() - begin < 5_000, `${performance.now() - begin} ms`);
});

test('W-08 H39: cancel, break, abort and a cancel during the creation take the watch off etcd', async () => {
  await using client = createClient({ endpoints: etcd.endpoints });
  const keeper = client.watch('cancel/keeper');
  await keeper.created;
  const controller = new AbortController();
  const [cancelled, left, aborted] = [
    client.watch('cancel/a'),
    client.watch('cancel/b'),
    client.watch('cancel/c', { signal: controller.signal }),
  ];
  await created([cancelled, left, aborted]);
  await eventually(async () => (await watchers()) === 4);
  await cancelled.cancel();
  await writer.kv.put('cancel/b', 'v');
  for await (const _ of left) break;
  controller.abort();
  for (let i = 0; i < 50; i++) await client.watch('cancel/d').cancel();
  await eventually(async () => (await watchers()) === 1);
  assert.is(await streams(), 1);
  await keeper.cancel();
  await eventually(async () => (await watchers()) === 0 && (await streams()) === 0);
});

test('W-08 H24: a parked watch and a compacted one are off etcd, too, and do not silence bookmarks', async () => {
  await using client = createClient({ endpoints: etcd.endpoints });
  const first = await writer.kv.put('off/k', '0');
  await writer.kv.put('off/k', '1');
  const keeper = client.watch('off/keeper');
  const slow = client.watch('off/k', { maxBufferedBytes: 1 });
  await created([keeper, slow]);
  const { header } = await writer.kv.put('off/k', '2');
  await writer.kv.put('off/k', '3');
  await writer.kv.compact(header.revision);
  const compacted = client.watch('off/k', { startRevision: first.header.revision });
  await rejects(() => compacted[Symbol.asyncIterator]().next(), { code: 'COMPACTED' });
  await eventually(async () => (await watchers()) === 1);
  await client.watcher.requestProgress();
  assert.is((await keeper[Symbol.asyncIterator]().next()).value?.progressNotify, true);
  await slow.cancel();
});

test('OPT-16 W-13: progressNotify delivers bookmarks of an idle watch, no revision goes back', async () => {
  await using own = await startEtcd({ progressNotifyIntervalMs: 100 });
  await using client = createClient({ endpoints: own.endpoints });
  const watch = client.watch('notify/k', { progressNotify: true });
  const recording = new Recording(watch);
  await watch.created;
  const { header } = await client.kv.put('notify/other', 'v');
  await eventually(
    () => recording.responses.length >= 3 && recording.responses.at(-1)!.header.revision >= header.revision,
  );
  assert.ok(recording.responses.every(({ progressNotify, events }) => progressNotify && events.length === 0));
  const revisions = recording.responses.map((response) => response.header.revision);
  assert.equal(
    revisions,
    revisions.toSorted((a, b) => Number(a - b)),
  );
});

test('W-40: a watch that starts in the future silences the bookmarks of its stream; other options have their own', async () => {
  await using client = createClient({ endpoints: etcd.endpoints });
  const future = client.watch('silent/k', { startRevision: 10n ** 12n });
  const near = client.watch('silent/k');
  const apart = client.watch('silent/k', { requireLeader: false });
  const [a, b] = [new Recording(near), new Recording(apart)];
  await created([future, near, apart]);
  await client.watcher.requestProgress();
  await client.watcher.requestProgress({ requireLeader: false });
  await eventually(() => b.responses.length === 1);
  assert.is(b.responses[0]?.progressNotify, true);
  // Older servers answer as if there were no watch in the future.
  if (isAtLeast(etcd.version, '3.5.30')) assert.is(a.responses.length, 0);
});

test('H17: a watch that keeps up sees each put as it comes: 5,000 in order', async () => {
  await using client = createClient({ endpoints: etcd.endpoints });
  const watch = client.watch('live/', { prefix: true });
  const recording = new Recording(watch);
  await watch.created;
  const written = await Promise.all(
    Array.from({ length: 5_000 }, async (_, i) => {
      const { header } = await writer.kv.put(`live/${i}`, 'v');
      return { revision: header.revision, key: `live/${i}` };
    }),
  );
  await eventually(() => recording.events === 5_000);
  const history = written.toSorted((a, b) => Number(a.revision - b.revision));
  recording.assertEquals(history.map(({ revision, key }) => `${revision} put ${key}`));
});

test('an etcd that cannot be reached: created waits, timeoutMs ends it, close ends it', async () => {
  const client = createClient({ endpoints: ['127.0.0.1:1'] });
  await rejects(client.watch('k', { timeoutMs: 200 }).created, { code: 'DEADLINE_EXCEEDED' });
  const watch = client.watch('k');
  const recording = new Recording(watch);
  const waiting = rejects(watch.created, { code: 'CLIENT_CLOSED' });
  await client.close();
  await waiting;
  await eventually(() => recording.ended);
  assert.is(recording.error, undefined);
});

test('H20: an etcd whose data is gone ends the watches that saw more, with CLUSTER_RESET', async () => {
  await using own = await startEtcd();
  await using client = createClient({ endpoints: own.endpoints });
  const watch = client.watch('wiped/k');
  const fresh = client.watch('wiped/k', { startRevision: 1 });
  const [recording, other] = [new Recording(watch), new Recording(fresh)];
  await created([watch, fresh]);
  for (let i = 0; i < 10; i++) await client.kv.put('wiped/k', String(i));
  await eventually(() => recording.events === 10 && other.events === 10);
  await own.member.kill();
  own.member.wipe();
  await own.member.start();
  await eventually(() => recording.ended && other.ended);
  assert.equal(
    [recording.error, other.error].map((error) => (error as { code: string }).code),
    ['CLUSTER_RESET', 'CLUSTER_RESET'],
  );
});

test('a restart of etcd is survived by a thousand watches', async () => {
  await using own = await startEtcd();
  await using client = createClient({ endpoints: own.endpoints });
  const watches = Array.from({ length: 1_000 }, (_, i) => client.watch(`restart/${i}`));
  await created(watches);
  const recordings = watches.map((watch) => new Recording(watch));
  await own.member.restart();
  await using second = createClient({ endpoints: own.endpoints });
  const puts = Array.from({ length: 1_000 }, (_, i) => second.kv.put(`restart/${i}`, 'v'));
  await Promise.all(puts);
  await eventually(() => recordings.every(({ events }) => events === 1));
});

test.run();
