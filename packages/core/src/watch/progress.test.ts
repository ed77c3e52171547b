import { assert, suite } from '@etcdts/testing';
import { FakeEtcd, settle, type FakeStream, type Reading } from './fakes.test.kit.ts';

const test = suite('requested progress');

/** The revisions of the bookmarks so far. */
function bookmarks({ responses }: Reading): number[] {
  return responses.filter(({ progressNotify }) => progressNotify).map(({ header }) => Number(header.revision));
}

/** How many progress requests a stream has sent. */
function asked({ sent }: FakeStream): number {
  return sent.filter(({ type }) => type === 'progress').length;
}

const PAST = { startRevision: 50n };

test('W-40: the answer to a request before its creation is no bookmark of a watch that is behind', async () => {
  const etcd = new FakeEtcd();
  const before = (await etcd.live(100)).read();
  await etcd.hub.requestProgress({});
  const behind = (await etcd.live(100, PAST)).read();
  etcd.current.progress(-1, 100);
  etcd.current.events(2, [60, 100], { rev: 100 });
  await settle();
  assert.equal([before, behind].map(bookmarks), [[100], []]);
});

test('W-40: it is one for a watch that starts after its revision, whenever that was created', async () => {
  const etcd = new FakeEtcd();
  await etcd.live(100);
  await etcd.hub.requestProgress({});
  const late = (await etcd.live(100)).read();
  etcd.current.progress(-1, 100);
  await settle();
  assert.equal(bookmarks(late), [100]);
});

test('W-40: a watch that is resumed while an answer is on its way does not get it', async () => {
  const etcd = new FakeEtcd();
  const keeper = (await etcd.live(100)).read();
  const parked = await etcd.live(100, {}, { maxBufferedBytes: 1_000 });
  etcd.current.events(2, [101]);
  etcd.current.events(2, [102]);
  await etcd.hub.requestProgress({});
  parked.read();
  await settle();
  assert.equal(etcd.current.creates.at(-1)?.startRevision, 103n);
  etcd.current.created(3, 110);
  etcd.current.progress(-1, 110);
  etcd.current.events(3, [105]);
  await settle();
  assert.equal([keeper, parked].map(bookmarks), [[110], []]);
});

test('W-40: a request after its creation covers a watch, also on an idle store', async () => {
  const etcd = new FakeEtcd();
  const behind = (await etcd.live(100, PAST)).read();
  await etcd.hub.requestProgress({});
  etcd.current.progress(-1, 100);
  await settle();
  assert.equal(bookmarks(behind), [100]);
});

test('W-40: what was answered before a creation is not newer than it, so newer answers cover the watch', async () => {
  const etcd = new FakeEtcd();
  await etcd.live(100);
  for (let i = 0; i < 10; i++) await etcd.hub.requestProgress({});
  const behind = (await etcd.live(100, PAST)).read();
  etcd.current.progress(-1, 100);
  await etcd.hub.requestProgress({});
  etcd.current.progress(-1, 101);
  await settle();
  assert.equal(bookmarks(behind), [101], 'the ten may have been dropped');
});

test('W-40: an event of its own comes behind every answer to a request before its creation', async () => {
  const etcd = new FakeEtcd();
  await etcd.live(100);
  for (let i = 0; i < 10; i++) await etcd.hub.requestProgress({});
  const behind = (await etcd.live(100, PAST)).read();
  const silent = (await etcd.live(100, PAST)).read();
  await etcd.hub.requestProgress({});
  etcd.current.events(2, [60], { rev: 100 });
  etcd.current.progress(-1, 100);
  await settle();
  assert.equal([behind, silent].map(bookmarks), [[100], [100]]);
});

test('W-40: without a newer revision and without events, an answer counts for the oldest request that it can be of', async () => {
  const etcd = new FakeEtcd();
  await etcd.live(100);
  for (let i = 0; i < 2; i++) await etcd.hub.requestProgress({});
  const behind = (await etcd.live(100, PAST)).read();
  await etcd.hub.requestProgress({});
  const seen: number[] = [];
  for (let i = 0; i < 3; i++) {
    etcd.current.progress(-1, 100);
    await settle();
    seen.push(bookmarks(behind).length);
  }
  assert.equal(seen, [0, 0, 1]);
});

test('W-40: an answer that nobody requested covers what is past it only', async () => {
  const etcd = new FakeEtcd();
  const behind = (await etcd.live(100, PAST)).read();
  const past = (await etcd.live(100, { startRevision: 130n })).read();
  etcd.current.progress(-1, 120);
  await settle();
  assert.equal([behind, past].map(bookmarks), [[], [120]]);
});

test('W-40: a request waits until the creations before it are sent', async () => {
  const etcd = new FakeEtcd();
  const readings = [etcd.watch(PAST), etcd.watch(PAST), etcd.watch(PAST)].map((reading) => reading.read());
  await etcd.hub.requestProgress({});
  await etcd.hub.requestProgress({});
  assert.is(asked(etcd.current), 0, 'the first creation is waited for');
  etcd.current.created(1, 100);
  assert.equal(
    etcd.current.sent.map(({ type }) => type),
    ['create', 'create', 'create', 'progress'],
  );
  for (const id of [2, 3]) etcd.current.created(id, 100);
  etcd.current.progress(-1, 100);
  await settle();
  assert.equal(readings.map(bookmarks), [[100], [100], [100]]);
});

test('W-40: a request goes out when the last creation before it is called off', async () => {
  const etcd = new FakeEtcd();
  etcd.watch();
  const second = etcd.watch();
  await etcd.hub.requestProgress({});
  assert.is(asked(etcd.current), 0);
  await second.watch.cancel();
  assert.is(asked(etcd.current), 1);
});

test('W-40: a bookmark does not go back on a member that lags', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(100)).read();
  await etcd.hub.requestProgress({});
  etcd.current.progress(-1, 120);
  await etcd.lose();
  etcd.current.created(1, 110);
  await etcd.hub.requestProgress({});
  etcd.current.progress(-1, 115);
  await etcd.hub.requestProgress({});
  etcd.current.progress(-1, 121);
  await settle();
  assert.equal(bookmarks(reading), [120, 121]);
});

test.run();
