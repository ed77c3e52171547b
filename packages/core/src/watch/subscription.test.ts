import { assert, rejects, suite } from '@etcdts/testing';
import { isEtcdError } from '../errors.ts';
import { FakeEtcd, settle, UNAVAILABLE, type Reading } from './fakes.test.kit.ts';
import { EVENT_BYTES } from './subscription.ts';

const test = suite('Subscription');
const KB = 1024;

// ---- slow readers ---------------------------------------------------------------------------------------------------

test('W-38 W-12 H23 B-12: a reader that falls behind is parked at its bound, and resumes where it stood', async () => {
  const etcd = new FakeEtcd();
  const neighbour = (await etcd.live()).read();
  const slow = await etcd.live(100, {}, { maxBufferedBytes: 10 * KB });
  for (let revision = 101; revision <= 140; revision++) etcd.current.events(2, [revision], { takes: KB });
  etcd.current.events(1, [141]);
  assert.equal(etcd.current.cancels, [2]);
  assert.equal(etcd.hub.stats(), { open: 2, streams: 1, parked: 1, bufferedBytes: 11 * KB, resumes: 0, events: 12 });
  const iterator = slow.watch[Symbol.asyncIterator]();
  const revisions: number[] = [];
  const read = async (): Promise<void> => {
    const { value } = await iterator.next();
    for (const { kv } of value?.events ?? []) revisions.push(Number(kv.modRevision));
  };
  for (let i = 0; i < 5; i++) await read();
  assert.is(etcd.current.creates.length, 2, 'it stays parked until half of the bound is free');
  await read();
  assert.is(etcd.current.creates.length, 3);
  const { startRevision, watchId, fragment } = etcd.current.creates[2]!;
  assert.equal([startRevision, watchId, fragment], [112n, 3, true]);
  etcd.current.created(3, 150);
  for (let revision = 112; revision <= 114; revision++) etcd.current.events(3, [revision], { takes: KB });
  for (let i = 0; i < 8; i++) await read();
  assert.equal(
    revisions,
    Array.from({ length: 14 }, (_, i) => 101 + i),
  );
  await settle();
  assert.equal(neighbour.revisions, [[141]]);
  const lines = etcd.log.filter((line) => line.startsWith('watch parked: '));
  assert.equal(lines, [`watch parked: ${11 * KB} bytes wait for its reader`], 'once');
});

test('W-12: a small event takes more than its bytes, and counts so', async () => {
  const etcd = new FakeEtcd();
  await etcd.live(100, {}, { maxBufferedBytes: 10 * EVENT_BYTES });
  for (let revision = 101; revision <= 108; revision++) etcd.current.events(1, [revision], { byteLength: 1 });
  assert.is(etcd.hub.stats().parked, 0);
  etcd.current.events(1, [109, 110], { byteLength: 1 });
  assert.is(etcd.hub.stats().parked, 1);
});

test('W-12: one response is always accepted, however large', async () => {
  const etcd = new FakeEtcd();
  const reading = await etcd.live(100, {}, { maxBufferedBytes: KB });
  etcd.current.events(1, [101, 102], { byteLength: 1_000 * KB });
  assert.is(etcd.hub.stats().parked, 1);
  reading.read();
  await settle();
  assert.equal(reading.revisions, [[101, 102]]);
  assert.is(etcd.hub.stats().parked, 0);
});

test('a reader that waits gets any response without being parked', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(100, {}, { maxBufferedBytes: 1 })).read();
  for (let revision = 101; revision < 110; revision++) {
    etcd.current.events(1, [revision], { byteLength: KB });
    await settle();
  }
  assert.is(reading.revisions.length, 9);
  assert.is(etcd.streams.length, 1);
  assert.equal(etcd.current.cancels, []);
});

test('a stream whose last watch is parked is cancelled: what is under way is not wanted', async () => {
  const etcd = new FakeEtcd();
  const reading = await etcd.live(100, {}, { maxBufferedBytes: 1 });
  etcd.current.events(1, [101]);
  assert.is(etcd.current.state, 'cancelled');
  reading.read();
  await settle();
  assert.is(etcd.streams.length, 2);
  assert.is(etcd.current.creates[0]?.startRevision, 102n);
});

test('H24: a lost stream leaves a parked watch alone until its reader is back', async () => {
  const etcd = new FakeEtcd();
  const neighbour = (await etcd.live()).read();
  const parked = await etcd.live(100, {}, { maxBufferedBytes: 1 });
  etcd.current.events(2, [101]);
  await etcd.lose();
  etcd.current.created(1);
  assert.is(etcd.current.creates.length, 1);
  etcd.current.fail(UNAVAILABLE);
  await settle();
  parked.read();
  await etcd.clock.advance(2_000);
  etcd.current.created(1);
  assert.equal(
    etcd.current.creates.map(({ startRevision }) => startRevision),
    [101n, 102n],
  );
  assert.is(neighbour.state, 'open');
});

test('W-31: what is compacted while parked is told after the events that are here', async () => {
  const etcd = new FakeEtcd();
  const reading = await etcd.live(100, {}, { maxBufferedBytes: 1 });
  etcd.current.events(1, [101]);
  reading.read();
  await settle();
  etcd.current.created(1, 900);
  etcd.current.say({ watchId: 1, canceled: true, compactRevision: 500n });
  await settle();
  assert.equal(reading.revisions, [[101]]);
  assert.is((reading.error as { compactRevision: bigint }).compactRevision, 500n);
});

test('beyond what all watches may hold, the one with most is parked, and comes back when its reader has caught up', async () => {
  const etcd = new FakeEtcd({ watchBufferBytes: 400 * KB });
  const [large, small, reader] = [await etcd.live(), await etcd.live(), (await etcd.live()).read()];
  etcd.current.events(1, [101], { takes: 150 * KB });
  etcd.current.events(1, [102], { takes: 150 * KB });
  etcd.current.events(2, [103], { takes: 100 * KB });
  assert.equal(etcd.current.cancels, [], 'the bound is not exceeded');
  etcd.current.events(2, [104], { takes: 20 * KB });
  assert.equal(etcd.current.cancels, [1], 'not the one that came last');
  assert.equal(etcd.hub.stats().bufferedBytes, 420 * KB);
  const iterator = large.watch[Symbol.asyncIterator]();
  await iterator.next();
  assert.is(etcd.current.creates.length, 3, 'more than half of the bound is held');
  await iterator.next();
  assert.is(etcd.current.creates.at(-1)?.startRevision, 103n);
  for (let revision = 105; revision < 120; revision++) {
    etcd.current.events(3, [revision], { takes: 100 * KB });
    await settle();
  }
  assert.equal([reader.revisions.length, etcd.hub.stats().parked], [15, 0], 'one that is read at once holds nothing');
  small.read();
  await settle();
  assert.is(etcd.hub.stats().bufferedBytes, 0);
});

test('watches that hold little are not parked for what stalled ones hold', async () => {
  const etcd = new FakeEtcd({ watchBufferBytes: 100 * KB });
  const [stalled, neighbour] = [await etcd.live(), await etcd.live(), await etcd.live()];
  etcd.current.events(1, [101], { takes: 150 * KB });
  assert.equal(etcd.current.cancels, [1]);
  for (let revision = 102; revision <= 117; revision++) etcd.current.events(2, [revision], { takes: KB });
  assert.equal(etcd.current.cancels, [1]);
  etcd.current.events(2, [118], { takes: KB });
  assert.equal(etcd.current.cancels, [1, 2]);
  neighbour.read();
  await settle();
  assert.is(etcd.current.creates.at(-1)?.startRevision, 119n, 'it goes on although the other one does not');
  assert.is(stalled.responses.length, 0);
});

test('what is not read of a watch that has ended, or is in fragments of a lost stream, counts no more', async () => {
  const etcd = new FakeEtcd({ watchBufferBytes: 100 * KB });
  const [failed, cancelled] = [await etcd.live(), await etcd.live()];
  await etcd.live();
  etcd.current.events(1, [101], { takes: 10 * KB });
  etcd.current.events(2, [101], { takes: 10 * KB });
  etcd.current.events(3, [101], { byteLength: 10 * KB, fragment: true });
  assert.is(etcd.hub.stats().bufferedBytes, 30 * KB);
  etcd.current.say({ watchId: 1, canceled: true, compactRevision: 500n });
  await cancelled.watch.cancel();
  assert.is(etcd.hub.stats().bufferedBytes, 10 * KB);
  failed.read();
  await settle();
  assert.equal(failed.revisions, [[101]]);
  assert.is(etcd.hub.stats().bufferedBytes, 10 * KB);
  await etcd.lose();
  assert.is(etcd.hub.stats().bufferedBytes, 0);
  etcd.current.created(1);
  etcd.current.events(1, [101], { byteLength: 10 * KB, fragment: true });
  etcd.current.events(1, [102], { byteLength: 95 * KB, fragment: true });
  const { bufferedBytes, parked } = etcd.hub.stats();
  assert.equal([bufferedBytes, parked], [52.5 * KB + EVENT_BYTES, 1], 'what is whole is kept, the rest comes again');
  etcd.hub.close();
  assert.is(etcd.hub.stats().bufferedBytes, 0);
});

test('a parked watch is cancelled and aborted as any other', async () => {
  const etcd = new FakeEtcd();
  const controller = new AbortController();
  const [a, b] = [
    await etcd.live(100, {}, { maxBufferedBytes: 1 }),
    await etcd.live(100, {}, { maxBufferedBytes: 1, signal: controller.signal }),
  ];
  etcd.current.events(1, [101]);
  etcd.current.events(2, [101]);
  await a.watch.cancel();
  controller.abort('enough');
  await rejects(
    () => b.watch[Symbol.asyncIterator]().next(),
    (reason: unknown) => reason === 'enough',
  );
  assert.is((await a.watch[Symbol.asyncIterator]().next()).done, true);
  await etcd.clock.advance(10_000);
  assert.is(etcd.streams.length, 1);
  assert.is(etcd.hub.stats().bufferedBytes, 0);
});

test('small responses count, too: a flood of bookmarks is bounded', async () => {
  const etcd = new FakeEtcd();
  await etcd.live(100, { progressNotify: true }, { maxBufferedBytes: 64 * 100 });
  for (let i = 0; i < 200; i++) etcd.current.say({ watchId: 1, rev: 101 + i, byteLength: 0 });
  assert.is(etcd.hub.stats().parked, 1);
});

// ---- fragments ------------------------------------------------------------------------------------------------------

test('W-33: fragments become one response; the header is the last one’s', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(100, { fragment: true })).read();
  assert.is(etcd.current.creates[0]?.fragment, true);
  etcd.current.events(1, [101, 102], { fragment: true });
  etcd.current.events(1, [102], { fragment: true });
  await settle();
  assert.is(reading.responses.length, 0);
  etcd.current.events(1, [102, 103]);
  etcd.current.events(1, [104]);
  await settle();
  assert.equal(reading.revisions, [[101, 102, 102, 102, 103], [104]]);
});

test('W-16: fragments beyond the bound are handed over by whole revisions, and park a slow reader', async () => {
  const etcd = new FakeEtcd();
  const reading = await etcd.live(100, { fragment: true }, { maxBufferedBytes: 1_005 * KB });
  etcd.current.events(1, [101, 102, 103], { fragment: true, byteLength: 600 * KB });
  etcd.current.events(1, [103, 103, 104], { fragment: true, byteLength: 600 * KB });
  assert.is(etcd.hub.stats().parked, 0);
  etcd.current.events(1, [104, 105], { fragment: true, byteLength: 600 * KB });
  assert.is(etcd.hub.stats().parked, 1);
  assert.ok(etcd.hub.stats().bufferedBytes <= 1_600 * KB);
  reading.read();
  await settle();
  assert.equal(reading.revisions, [
    [101, 102, 103, 103, 103],
    [104, 104],
  ]);
  assert.is(etcd.current.creates[0]?.startRevision, 105n);
});

test('W-16: a single revision beyond the bound is never split', async () => {
  const etcd = new FakeEtcd();
  const reading = await etcd.live(100, { fragment: true }, { maxBufferedBytes: KB });
  for (let i = 0; i < 20; i++) etcd.current.events(1, [101], { fragment: true, byteLength: KB });
  etcd.current.events(1, [101, 102], { byteLength: KB });
  reading.read();
  await settle();
  assert.equal(reading.revisions, [[...Array.from({ length: 21 }, () => 101), 102]]);
});

test('W-16: behind a full buffer, a revision in parts is put off as a whole', async () => {
  const etcd = new FakeEtcd();
  const reading = await etcd.live(100, { fragment: true }, { maxBufferedBytes: 10 * KB });
  etcd.current.events(1, [101], { byteLength: 9 * KB });
  etcd.current.events(1, [102], { fragment: true, byteLength: 6 * KB });
  assert.is(etcd.hub.stats().parked, 1);
  reading.read();
  await settle();
  assert.equal(reading.revisions, [[101]]);
  assert.is(etcd.current.creates[0]?.startRevision, 102n);
});

test('H12: one revision in parts is bounded by maxReceiveBytes, and ends the watch behind what came before', async () => {
  for (const more of [true, false]) {
    const etcd = new FakeEtcd({ maxReceiveBytes: 10 * KB });
    const reading = await etcd.live(100, { fragment: true });
    etcd.current.events(1, [101], { fragment: true, byteLength: 6 * KB });
    etcd.current.events(1, [101, 102], { fragment: true, byteLength: 6 * KB });
    assert.is(etcd.hub.stats().open, 1);
    etcd.current.events(1, [102], { fragment: true, byteLength: 4 * KB });
    etcd.current.events(1, [102], { fragment: more, byteLength: 4 * KB });
    reading.read();
    await settle();
    assert.equal(reading.revisions, [[101, 101]]);
    assert.is((reading.error as { code: string }).code, 'RESPONSE_TOO_LARGE');
    assert.match((reading.error as Error).message, /maxReceiveBytes \(10240\): create the client with a larger one/);
    assert.is(etcd.current.state, 'cancelled');
    assert.is(etcd.hub.stats().bufferedBytes, 0);
  }
});

test('revisions that are too much together are delivered one by one, at the end of a response too', async () => {
  const etcd = new FakeEtcd({ maxReceiveBytes: 10 * KB });
  const reading = (await etcd.live(100, { fragment: true })).read();
  etcd.current.events(1, [101, 101], { fragment: true, byteLength: 8 * KB });
  etcd.current.events(1, [101, 102], { byteLength: 8 * KB });
  etcd.current.events(1, [103]);
  await settle();
  assert.equal(reading.revisions, [[101, 101, 101], [102], [103]]);
  assert.is(reading.state, 'open');
});

test('H12: revisions in parts of many watches are bounded together by maxReceiveBytes and watchBufferBytes', async () => {
  const etcd = new FakeEtcd({ maxReceiveBytes: 100 * KB, watchBufferBytes: 100 * KB });
  const readings: Reading[] = [];
  for (let i = 0; i < 10; i++) readings.push((await etcd.live(100, { fragment: true })).read());
  let most = 0;
  for (let part = 0; part < 9; part++) {
    for (let id = 1; id <= 10; id++) {
      etcd.current.events(id, [101], { fragment: true, byteLength: 10 * KB });
      most = Math.max(most, etcd.hub.stats().bufferedBytes);
    }
  }
  await settle();
  assert.ok(most <= 200 * KB, String(most));
  const [failed, open] = [readings.filter(({ error }) => error), readings.filter(({ error }) => !error)];
  assert.ok(failed.every(({ error }) => isEtcdError(error, 'RESPONSE_TOO_LARGE')));
  assert.ok(failed.length > 0 && open.length > 0, `${failed.length} and ${open.length}`);
  for (let id = 1; id <= 10; id++) etcd.current.events(id, [101], { takes: KB });
  await settle();
  assert.ok(open.every(({ revisions }) => revisions[0]?.length === 10));
  assert.is(etcd.hub.stats().bufferedBytes, 0);
});

test('an empty last fragment ends the response', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(100, { fragment: true })).read();
  await etcd.hub.requestProgress({});
  etcd.current.events(1, [], { fragment: true });
  etcd.current.progress(-1, 200);
  etcd.current.events(1, []);
  etcd.current.events(1, [101]);
  await settle();
  assert.equal(
    reading.responses.map(({ events }) => events.length),
    [1],
  );
});

// ---- hostile servers ------------------------------------------------------------------------------------------------

test('W-34: messages for unknown ids are answered with one cancel each', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live()).read();
  for (const id of [7, 8, 7, 8, 7]) etcd.current.events(id, [101]);
  etcd.current.created(9);
  assert.equal(etcd.current.cancels, [7, 8, 9]);
  etcd.current.say({ watchId: 7, canceled: true });
  etcd.current.say({ watchId: 55, canceled: true });
  etcd.current.say({ watchId: -1, canceled: true });
  etcd.current.events(-1, [101]);
  etcd.current.refused('for nothing');
  etcd.current.events(1, [101]);
  await settle();
  assert.equal(etcd.current.cancels, [7, 8, 9]);
  assert.equal(reading.revisions, [[101]]);
  assert.is(reading.responses.length, 1);
});

test('what still comes for a cancelled watch is dropped without another cancel', async () => {
  const etcd = new FakeEtcd();
  await etcd.live();
  const { watch } = await etcd.live();
  await watch.cancel();
  etcd.current.events(2, [101]);
  etcd.current.events(2, [102]);
  assert.equal(etcd.current.cancels, [2]);
});

test('behind a proxy, what still comes for a cancelled watch does not disturb a creation', async () => {
  const etcd = new FakeEtcd();
  const [a] = [etcd.watch(), etcd.watch(), etcd.watch()];
  etcd.current.created(0);
  await a.watch.cancel();
  etcd.current.events(0, [101]);
  etcd.current.created(1);
  assert.is(etcd.current.state, 'open');
  assert.equal(etcd.current.cancels, [0]);
});

test('cancelled watches that the server confirms are forgotten', async () => {
  const etcd = new FakeEtcd();
  await etcd.live();
  for (let id = 10; id < 70_000; id++) {
    etcd.current.events(id, [101]);
    etcd.current.say({ watchId: id, canceled: true });
  }
  assert.is(etcd.current.state, 'open');
});

test('a flood of unknown ids costs bounded memory: the stream is replaced', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live()).read();
  for (let id = 10; id < 70_000; id++) etcd.current.events(id, [101]);
  assert.is(etcd.current.state, 'cancelled');
  await etcd.clock.advance(1_000);
  assert.is(etcd.streams.length, 2);
  assert.is(reading.state, 'open');
  assert.is(etcd.log.length, 2);
});

for (const [what, say] of Object.entries({
  'an id that was not asked for': (etcd: FakeEtcd) => etcd.current.created(77),
  'an id that is in use': (etcd: FakeEtcd) => etcd.current.created(1),
  'events before the creation': (etcd: FakeEtcd) => etcd.current.events(2, [101]),
  'events in falling order': (etcd: FakeEtcd) => etcd.current.events(1, [105, 101]),
})) {
  test(`${what}: the stream is not trusted, its watches resume on another one`, async () => {
    const etcd = new FakeEtcd();
    const [a, b] = [(await etcd.live()).read(), etcd.watch().read()];
    say(etcd);
    assert.is(etcd.current.state, 'cancelled');
    await etcd.clock.advance(1_000);
    assert.is(etcd.streams.length, 2);
    etcd.current.created(1, 100);
    etcd.current.created(2, 100);
    etcd.current.events(1, [101]);
    etcd.current.events(2, [102]);
    await settle();
    assert.equal([a.revisions, b.revisions], [[[101]], [[102]]]);
  });
}

test('behind a proxy, an id for two watches is not trusted', async () => {
  const etcd = new FakeEtcd();
  const [a, b] = [etcd.watch().read(), etcd.watch().read()];
  etcd.current.created(0);
  etcd.current.created(0);
  assert.is(etcd.current.state, 'cancelled');
  await etcd.clock.advance(1_000);
  assert.equal([a.state, b.state, etcd.streams.length], ['open', 'open', 2]);
});

test('behind a proxy, events of an id that may be the one in creation are not trusted', async () => {
  const etcd = new FakeEtcd();
  etcd.watch();
  etcd.watch();
  etcd.current.created(0);
  etcd.current.events(1, [101]);
  assert.is(etcd.current.state, 'cancelled');
});

test('a server that breaks the protocol at once, every time, is not hammered', async () => {
  const etcd = new FakeEtcd();
  etcd.watch();
  for (let i = 0; i < 10; i++) {
    etcd.current.events(1, [101]);
    await etcd.clock.advance(500);
  }
  assert.ok(etcd.streams.length <= 12, String(etcd.streams.length));
});

test('requested progress with no live watch, and progress without a revision, is nothing', async () => {
  const etcd = new FakeEtcd();
  etcd.watch();
  etcd.current.progress(-1, 5);
  const reading = (await etcd.live(100, { progressNotify: true })).read();
  await etcd.hub.requestProgress({});
  etcd.current.progress(1, 0);
  etcd.current.progress(-1, 0);
  await settle();
  assert.is(reading.responses.length, 0);
});

test('thousands of responses wait in order, and those read are let go of', async () => {
  const etcd = new FakeEtcd();
  const reading = await etcd.live();
  for (let revision = 101; revision <= 5_100; revision++) etcd.current.events(1, [revision]);
  const iterator = reading.watch[Symbol.asyncIterator]();
  for (let revision = 101; revision <= 5_100; revision++) {
    const { value } = await iterator.next();
    assert.is(Number(value?.events[0]?.kv.modRevision), revision);
  }
  assert.is(etcd.hub.stats().bufferedBytes, 0);
});

test.run();
