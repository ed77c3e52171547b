// limit: 240 s
import { createClient, op, type EtcdClient } from '@etcdts/core';
import {
  assert,
  eventually,
  seeded,
  startEtcd,
  startProxy,
  suite,
  type EtcdServer,
  type FaultProxy,
} from '@etcdts/testing';
import { Recording } from './watch-history.ts';

const test = suite('watch through cut connections', { timeoutMs: 60_000 });

// Small fragments, so that what fits one request is many of them on its way back.
const MAX_REQUEST_BYTES = 65_536;
let etcd: EtcdServer;
let proxy: FaultProxy;
/** Past the proxy. */
let writer: EtcdClient;
let client: EtcdClient;

test.before(async () => {
  etcd = await startEtcd({ maxRequestBytes: MAX_REQUEST_BYTES, progressNotifyIntervalMs: 100 });
  proxy = await startProxy(etcd.endpoint);
  writer = createClient({ endpoints: etcd.endpoints });
  client = createClient({ endpoints: [proxy.endpoint] });
});
test.after(async () => {
  await client?.close();
  await writer?.close();
  await proxy?.close();
  await etcd?.close();
});
test.after.each(() => proxy.heal());

/** Writes keys one after the other, many at a time, and returns the events of it. */
async function write(prefix: string, count: number, from = 0): Promise<string[]> {
  const puts = Array.from({ length: count }, async (_, i) => {
    const key = `${prefix}${from + i}`;
    const { header } = await writer.kv.put(key, 'v');
    return { revision: header.revision, key };
  });
  const written = (await Promise.all(puts)).toSorted((a, b) => Number(a.revision - b.revision));
  return written.map(({ revision, key }) => `${revision} put ${key}`);
}

const revisionOf = (event: string | undefined): bigint => BigInt(event?.split(' ', 1)[0] ?? -1);

test('W-20 B-03 H16: cut right after created, a watch delivers what came since, and nothing from before', async () => {
  for (const mode of ['reset', 'close'] as const) {
    const prefix = `created-${mode}/`;
    await writer.kv.put(`${prefix}k`, 'the last revision before the watch');
    const watch = client.watch(prefix, { prefix: true });
    const recording = new Recording(watch);
    await watch.created;
    proxy.refuse();
    proxy.cut(mode);
    const history = await write(prefix, 20);
    await proxy.heal();
    history.push(...(await write(prefix, 20, 20)));
    await eventually(() => recording.events >= 40);
    recording.assertEquals(history);
    await watch.cancel();
  }
});

test('peers 2.4a H16: cut anywhere while it catches up with 3,001 events, a watch misses and repeats none', async () => {
  const history = await write('catch-up/', 3_001);
  const before = proxy.accepted;
  for (const bytes of [
    0, 50, 100, 150, 200, 500, 1_000, 5_000, 20_000, 50_000, 80_000, 81_000, 100_000, 150_000, 200_000,
  ]) {
    await client.kv.get('warm');
    void proxy.cutAfter({ direction: 'toClient', bytes });
    const watch = client.watch('catch-up/', { prefix: true, startRevision: revisionOf(history[0]) });
    const recording = new Recording(watch);
    await eventually(() => recording.events >= history.length, { timeoutMs: 10_000, describe: `cut after ${bytes}` });
    recording.assertEquals(history);
    await watch.cancel();
    await proxy.heal();
  }
  assert.ok(proxy.accepted - before >= 12, 'the cuts were in time');
});

test('W-16 W-33 H17: cut anywhere in transactions of 50 puts, with fragments and without, no revision is split', async () => {
  const value = Buffer.alloc(1_000, 1);
  const history: string[] = [];
  for (let t = 0; t < 20; t++) {
    const keys = Array.from({ length: 50 }, (_, i) => `txn/${t}/${i}`);
    const { header } = await writer.kv.txn({ then: keys.map((key) => op.put(key, value)) });
    history.push(...keys.map((key) => `${header.revision} put ${key}`));
  }
  const random = seeded(7);
  const before = proxy.accepted;
  for (const fragment of [true, false]) {
    for (let i = 0; i < 20; i++) {
      const bytes = Math.floor(random() * 1_100_000);
      await client.kv.get('warm');
      void proxy.cutAfter({ direction: 'toClient', bytes });
      const watch = client.watch('txn/', { prefix: true, startRevision: revisionOf(history[0]), fragment });
      const recording = new Recording(watch);
      await eventually(() => recording.events >= history.length, { timeoutMs: 10_000, describe: `cut after ${bytes}` });
      recording.assertEquals(history);
      for (const { events } of recording.responses) assert.is(events.length % 50, 0, 'whole revisions');
      await watch.cancel();
      await proxy.heal();
    }
  }
  assert.ok(proxy.accepted - before >= 30, 'the cuts were in time');
});

test('H16 H17: ten cuts at random over 10,000 revisions lose, repeat and reorder nothing, for any of 20 watches', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seeded(seed);
  const all = client.watch('random/', { prefix: true });
  const some = Array.from({ length: 19 }, (_, i) =>
    client.watch(`random/${i}/`, { prefix: true, fragment: i % 2 === 0 }),
  );
  const recordings = [all, ...some].map((watch) => new Recording(watch));
  await Promise.all([all, ...some].map(({ created }) => created));
  const points = Array.from({ length: 10 }, () => Math.floor(random() * 10_000)).toSorted((a, b) => a - b);
  const written: { revision: bigint; key: string }[] = [];
  let begun = 0;
  const work = async (): Promise<void> => {
    while (begun < 10_000) {
      const i = begun++;
      if (i === points[0]) {
        points.shift();
        if (random() < 0.5) void proxy.cutAfter({ direction: 'toClient', bytes: Math.floor(random() * 2_000) });
        else proxy.cut(random() < 0.5 ? 'reset' : 'close');
      }
      const keys = Array.from({ length: i % 100 === 0 ? 10 : 1 }, (_, n) => `random/${i % 19}/${n}`);
      const { header } = await writer.kv.txn({ then: keys.map((key) => op.put(key, String(i))) });
      written.push(...keys.map((key) => ({ revision: header.revision, key })));
    }
  };
  await Promise.all(Array.from({ length: 20 }, work));
  const history = written
    .toSorted((a, b) => Number(a.revision - b.revision))
    .map(({ revision, key }) => `${revision} put ${key}`);
  await eventually(() => recordings[0]!.events >= history.length, { timeoutMs: 20_000, describe: `seed ${seed}` });
  for (const [i, recording] of recordings.entries()) {
    const own = i === 0 ? history : history.filter((event) => event.includes(` random/${i - 1}/`));
    await eventually(() => recording.events >= own.length, { describe: `seed ${seed}` });
    recording.assertEquals(own);
  }
  await Promise.all([all, ...some].map((watch) => watch.cancel()));
});

test('W-31 H19: what is compacted while a watch is cut off ends it with COMPACTED', async () => {
  const watch = client.watch('compacted/', { prefix: true });
  const recording = new Recording(watch);
  await watch.created;
  await write('compacted/', 1);
  await eventually(() => recording.events === 1);
  proxy.refuse();
  proxy.cut();
  const history = await write('compacted/', 10, 1);
  const revision = revisionOf(history[5]);
  await writer.kv.compact(revision);
  await proxy.heal();
  await eventually(() => recording.ended);
  const { code, compactRevision } = recording.error as { code: string; compactRevision: bigint };
  assert.equal([code, compactRevision, recording.events], ['COMPACTED', revision, 1]);
});

test('W-24: an idle watch that lives to see a bookmark survives a compaction and a cut', async () => {
  const watch = client.watch('idle/k', { progressNotify: true });
  const silent = client.watch('idle/k');
  const [recording, other] = [new Recording(watch), new Recording(silent)];
  await Promise.all([watch.created, silent.created]);
  const revision = revisionOf((await write('busy/', 50)).at(-1));
  await eventually(() => recording.responses.some(({ header }) => header.revision >= revision));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await writer.kv.compact(revision);
  proxy.cut();
  const { header } = await writer.kv.put('idle/k', 'v');
  await eventually(() => recording.events + other.events === 2);
  const bookmarks = recording.responses.filter(({ progressNotify }) => progressNotify);
  assert.ok(bookmarks.length > 0 && bookmarks.every(({ events }) => events.length === 0));
  assert.is(other.responses.length, 1, 'nobody asked it for bookmarks');
  assert.is(other.responses[0]?.events[0]?.kv.modRevision, header.revision);
  await Promise.all([watch.cancel(), silent.cancel()]);
});

test('OPT-17 W-17 W-21: a future start and the created notice survive cuts', async () => {
  const now = (await writer.kv.put('future/k', '0')).header.revision;
  const watch = client.watch('future/k', { startRevision: now + 4n, createdNotify: true });
  const recording = new Recording(watch);
  await watch.created;
  for (const value of ['1', '2', '3', '4', '5']) {
    proxy.cut();
    await writer.kv.put('future/k', value);
  }
  await eventually(() => recording.events === 2);
  assert.equal(
    recording.responses.map(({ created, events }) => (created ? 'created' : events.map(({ kv }) => kv.text()).join())),
    ['created', ...recording.responses.slice(1).map(({ events }) => events.map(({ kv }) => kv.text()).join())],
  );
  assert.is(recording.responses.flatMap(({ events }) => events.map(({ kv }) => kv.text())).join(), '4,5');
  await watch.cancel();
});

test('W-29: a watch is cancelled while nothing answers', async () => {
  const watch = client.watch('hole/k');
  await watch.created;
  proxy.blackhole();
  const reading = watch[Symbol.asyncIterator]().next();
  await watch.cancel();
  assert.is((await reading).done, true);
});

test.run();
