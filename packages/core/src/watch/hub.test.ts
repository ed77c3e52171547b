import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assert, rejects, suite } from '@etcdts/testing';
import { FakeEtcd, event, failure, settle } from './fakes.test.kit.ts';
import type { WatchServiceOptions } from './service.ts';

const test = suite('WatchHub');

// ---- creation -------------------------------------------------------------------------------------------------------

test('W-01: watches of the same options share one stream, with its leader required', async () => {
  const etcd = new FakeEtcd();
  for (let i = 0; i < 100; i++) etcd.watch();
  assert.is(etcd.streams.length, 1);
  assert.is(etcd.current.options.requireLeader, true);
  assert.is(etcd.current.options.timeoutMs, Infinity);
});

test('W-01: other metadata, another leader requirement and another endpoint get streams of their own', () => {
  const etcd = new FakeEtcd();
  etcd.watch();
  etcd.watch({}, { requireLeader: false });
  etcd.watch({}, { endpoint: 'http://a:1' });
  etcd.watch({}, { metadata: {} });
  etcd.watch({}, { metadata: { a: 'b', c: 'd' } });
  etcd.watch({}, { metadata: { a: ['b", "c": "d'] } });
  etcd.watch({}, { metadata: { 'a-bin': Buffer.from('x') } });
  assert.is(etcd.streams.length, 7);
  etcd.watch({}, { metadata: { c: 'd', a: ['b'] } });
  etcd.watch({}, { metadata: { 'a-bin': Uint8Array.of(120) } });
  etcd.watch({}, { requireLeader: true });
  assert.is(etcd.streams.length, 7, 'the order of keys does not matter, nor does a list of one');
  etcd.watch({}, { metadata: { n: 5 as never } });
  assert.is(etcd.streams.length, 8, 'what is no metadata is for the pipeline to refuse');
});

test('a confidential watch never shares a stream with one that is not', async () => {
  const etcd = new FakeEtcd();
  await etcd.live();
  await etcd.live(100, {}, { confidential: true });
  await etcd.live(100, {}, { confidential: true });
  await etcd.live(100, {}, { confidential: false });
  assert.equal(
    etcd.streams.map(({ options, creates }) => [options.confidential === true, creates.length]),
    [
      [false, 2],
      [true, 2],
    ],
  );
});

test("a watch with another plugin's option never runs on a stream of its neighbour", async () => {
  const etcd = new FakeEtcd();
  const as = (actor: string): WatchServiceOptions => ({ actor }) as WatchServiceOptions;
  for (const actor of ['alice', 'bob', 'alice']) await etcd.live(100, {}, as(actor));
  assert.equal(
    etcd.streams.map(({ options, creates }) => [(options as { actor?: string }).actor, creates.length]),
    [
      ['alice', 2],
      ['bob', 1],
    ],
  );
  const bobs = etcd.streams[1]!;
  await etcd.hub.requestProgress(as('bob'));
  assert.is(bobs.sent.filter(({ type }) => type === 'progress').length, 1);
  bobs.fail(failure('UNAVAILABLE'));
  await etcd.clock.advance(1_000);
  assert.is((etcd.current.options as { actor?: string }).actor, 'bob', 'on the next stream too');
});

test('K-6 W-40: a watch may have a stream of its own, which no interceptor sees the name of', async () => {
  const etcd = new FakeEtcd();
  await etcd.live();
  await etcd.live(100, {}, { stream: 'cache' });
  assert.is(etcd.streams.length, 2);
  assert.not('stream' in etcd.current.options);
  await etcd.hub.requestProgress({ stream: 'cache' });
  assert.equal(
    etcd.streams.map(({ sent }) => sent.filter(({ type }) => type === 'progress').length),
    [0, 1],
  );
});

test('W-02: a stream has neither the signal nor the deadline of a watch on it', () => {
  const etcd = new FakeEtcd();
  etcd.watch({}, { signal: new AbortController().signal, timeoutMs: 5, maxBufferedBytes: 9, createdNotify: true });
  const { signal, timeoutMs, ...rest } = etcd.current.options;
  assert.is(signal, undefined);
  assert.is(timeoutMs, Infinity);
  assert.equal(rest, { requireLeader: true });
});

test('W-05: after the first answer, watches are created without waiting for one another', () => {
  const etcd = new FakeEtcd();
  for (let i = 0; i < 1_000; i++) etcd.watch();
  assert.is(etcd.current.creates.length, 1, 'the first one alone, since a proxy may choose ids itself');
  etcd.current.created(1);
  assert.is(etcd.current.creates.length, 1_000);
  assert.equal(
    etcd.current.creates.map(({ watchId }) => watchId),
    Array.from({ length: 1_000 }, (_, i) => i + 1),
  );
});

test('W-06: answers are matched in order, ids that a proxy chooses are adopted, 0 among them', async () => {
  const etcd = new FakeEtcd();
  const [a, b, c] = [etcd.watch().read(), etcd.watch().read(), etcd.watch().read()];
  etcd.current.created(0);
  assert.is(etcd.current.creates.length, 2, 'one at a time: a proxy answers in any order');
  etcd.current.created(1);
  etcd.current.created(2);
  etcd.current.events(0, [101]);
  etcd.current.events(2, [102]);
  etcd.current.events(1, [103]);
  await settle();
  assert.equal(
    [a, b, c].map(({ revisions }) => revisions),
    [[[101]], [[103]], [[102]]],
  );
});

test('W-35 H21: a refused creation fails its own watch alone', async () => {
  const etcd = new FakeEtcd();
  const watches = Array.from({ length: 5 }, () => etcd.watch().read());
  etcd.current.created(1);
  etcd.current.refused('mvcc: watcher range is empty');
  etcd.current.created(3);
  etcd.current.refused('rpc error: code = PermissionDenied desc = etcdserver: permission denied');
  etcd.current.created(5);
  for (const id of [1, 3, 5]) etcd.current.events(id, [100 + id]);
  await settle();
  assert.equal(
    watches.map(({ state }) => state),
    ['open', 'failed', 'open', 'failed', 'open'],
  );
  assert.equal(
    [0, 2, 4].map((i) => watches[i]?.revisions),
    [[[101]], [[103]], [[105]]],
  );
  await rejects(watches[1]!.watch.created, { code: 'WATCH_CANCELED', message: /range is empty/ });
  assert.is((watches[3]!.error as { code: string }).code, 'PERMISSION_DENIED');
  assert.is(etcd.streams.length, 1);
});

test('W-35: a reason is shown without control characters and cut', async () => {
  const etcd = new FakeEtcd();
  const { watch } = etcd.watch();
  etcd.current.refused(`evil\u0000\u001b[31m\n${'x'.repeat(5_000)}`);
  const error = await rejects(watch.created, { code: 'WATCH_CANCELED' });
  assert.ok(error.message.length < 1_200);
  assert.not.match(error.message, /[\u0000\u001b\n]/);
});

test('W-18 W-17: the created notice comes first and once; created resolves with the header', async () => {
  const etcd = new FakeEtcd();
  const reading = etcd.watch({}, { createdNotify: true }).read();
  etcd.current.created(1, 41);
  etcd.current.events(1, [42]);
  assert.is((await reading.watch.created).revision, 41n);
  await etcd.lose();
  etcd.current.created(1, 50);
  etcd.current.events(1, [51]);
  await settle();
  assert.equal(
    reading.responses.map(({ created, events }) => [created, events.length]),
    [
      [true, 0],
      [false, 1],
      [false, 1],
    ],
  );
  const silent = await etcd.live();
  silent.read();
  await settle();
  assert.is(silent.responses.length, 0);
});

test('a negative start revision is refused here', () => {
  assert.throws(() => new FakeEtcd().watch({ startRevision: -1n }), /startRevision/);
});

test('timeoutMs bounds the creation and nothing after it', async () => {
  const etcd = new FakeEtcd();
  const late = etcd.watch({}, { timeoutMs: 50 }).read();
  await etcd.clock.advance(50);
  assert.is((late.error as { code: string }).code, 'DEADLINE_EXCEEDED');
  await rejects(late.watch.created, { code: 'DEADLINE_EXCEEDED' });
  const punctual = etcd.watch({}, { timeoutMs: 50 }).read();
  etcd.current.created(1);
  await etcd.clock.advance(1_000);
  assert.is(punctual.state, 'open');
  assert.is(etcd.clock.timers.size, 0);
});

// ---- cancellation ---------------------------------------------------------------------------------------------------

test('W-08: cancel reaches etcd at once, the last one ends the stream', async () => {
  const etcd = new FakeEtcd();
  const [a, b] = [await etcd.live(), await etcd.live()];
  a.read();
  b.read();
  await a.watch.cancel();
  await a.watch.cancel();
  assert.equal(etcd.current.cancels, [1]);
  assert.is(etcd.current.state, 'open');
  await b.watch.cancel();
  assert.is(etcd.current.state, 'cancelled');
  assert.equal(etcd.current.cancels, [1]);
  await settle();
  assert.equal([a.state, b.state], ['done', 'done']);
  assert.equal(etcd.hub.stats(), { open: 0, streams: 0, parked: 0, bufferedBytes: 0, resumes: 0, events: 0 });
});

test('an ended watch that is still held keeps nothing of its stream', async () => {
  const etcd = new FakeEtcd();
  const { watch } = await etcd.live();
  const stream = new WeakRef(etcd.streams.pop()!);
  await watch.cancel();
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 5; turn++) {
    await settle();
    collect();
  }
  assert.is(stream.deref(), undefined);
  assert.equal(await watch[Symbol.asyncIterator]().next(), { value: undefined, done: true });
});

test('W-09: a watch that meets the end of the last one opens a stream of its own', async () => {
  const etcd = new FakeEtcd();
  const first = await etcd.live();
  void first.watch.cancel();
  const second = await etcd.live();
  second.read();
  assert.is(etcd.streams.length, 2);
  etcd.current.events(1, [101]);
  await settle();
  assert.equal(second.revisions, [[101]]);
});

test('B-02 W-07: a watch that is being created is cancelled right behind its creation', async () => {
  const etcd = new FakeEtcd();
  await etcd.live();
  const reading = etcd.watch().read();
  const other = etcd.watch().read();
  await reading.watch.cancel();
  assert.equal(etcd.current.cancels, [2]);
  etcd.current.created(2);
  etcd.current.events(2, [101]);
  etcd.current.say({ watchId: 2, canceled: true });
  etcd.current.created(3);
  etcd.current.events(3, [102]);
  await settle();
  assert.equal(etcd.current.cancels, [2], 'once');
  assert.equal([reading.state, reading.revisions.length], ['done', 0]);
  assert.equal(other.revisions, [[102]]);
  await rejects(reading.watch.created, { code: 'CANCELLED' });
});

test('W-07: where ids are not ours to choose, the cancel waits for the id', async () => {
  const etcd = new FakeEtcd();
  const reading = etcd.watch();
  const other = etcd.watch().read();
  await reading.watch.cancel();
  assert.equal(etcd.current.cancels, []);
  etcd.current.created(0);
  assert.equal(etcd.current.cancels, [0]);
  etcd.current.created(1);
  etcd.current.events(1, [101]);
  await settle();
  assert.equal(other.revisions, [[101]]);
});

test('W-08: a stream is not kept for a creation that nobody wants any more', async () => {
  const etcd = new FakeEtcd();
  const live = await etcd.live();
  const creating = etcd.watch();
  await creating.watch.cancel();
  assert.is(etcd.current.state, 'open');
  await live.watch.cancel();
  assert.is(etcd.current.state, 'cancelled');
  etcd.current.created(2);
  etcd.current.events(1, [101]);
  assert.equal(etcd.current.cancels, [2], 'nothing is said on a stream that is over');
});

test('a watch that is not sent yet is never sent after its cancel', async () => {
  const etcd = new FakeEtcd();
  const [, second] = [etcd.watch(), etcd.watch(), etcd.watch()];
  await second.watch.cancel();
  etcd.current.created(1);
  assert.is(etcd.current.creates.length, 2);
  assert.equal(etcd.current.cancels, []);
});

test('H39: break, return and await using cancel the watch', async () => {
  const etcd = new FakeEtcd();
  const keeper = await etcd.live();
  const left = await etcd.live();
  etcd.current.events(2, [101]);
  for await (const response of left.watch) {
    assert.is(response.events.length, 1);
    break;
  }
  const flat = await etcd.live();
  etcd.current.events(3, [101, 102]);
  for await (const { kv } of flat.watch.events()) {
    assert.is(kv.modRevision, 101n);
    break;
  }
  const disposed = await etcd.live();
  await disposed.watch[Symbol.asyncDispose]();
  assert.equal(etcd.current.cancels, [2, 3, 4]);
  void keeper;
});

test('W-42 H38: an abort ends the iteration with the reason, and no listener stays on the signal', async () => {
  const etcd = new FakeEtcd();
  await etcd.live();
  const { signal, counts, abort } = countedSignal();
  const reading = await etcd.live(100, {}, { signal });
  reading.read();
  const pending = etcd.watch({}, { signal });
  etcd.current.events(2, [101]);
  const reason = new Error('enough');
  abort(reason);
  await settle();
  assert.is(reading.error, reason);
  assert.is(await rejects(pending.watch.created), reason);
  const late = pending.watch[Symbol.asyncIterator]();
  assert.is(await rejects(() => late.next()), reason);
  assert.is((await late.next()).done, true);
  assert.equal(etcd.current.cancels, [2, 3]);
  assert.is(counts.size, 0);
  const other = countedSignal();
  const cancelled = etcd.watch({}, { signal: other.signal });
  await cancelled.watch.cancel();
  assert.is(other.counts.size, 0);
});

test('an abort because a client is closed ends the iteration quietly, as closing it does', async () => {
  const etcd = new FakeEtcd();
  const controller = new AbortController();
  const reading = (await etcd.live(100, {}, { signal: controller.signal })).read();
  controller.abort(failure('CLIENT_CLOSED'));
  await settle();
  assert.is(reading.state, 'done');
});

test('W-03: a signal that is aborted already fails the watch without a request', async () => {
  const etcd = new FakeEtcd();
  const reading = etcd.watch({}, { signal: AbortSignal.abort('too late') }).read();
  await settle();
  assert.is(reading.error, 'too late');
  assert.is(await rejects(reading.watch.created), 'too late');
  assert.is(etcd.streams.length, 0);
  assert.is(etcd.hub.stats().open, 0);
});

test('W-29: a watch is cancelled while there is no stream', async () => {
  const etcd = new FakeEtcd();
  const reading = await etcd.live();
  reading.read();
  etcd.current.fail(failure('UNAVAILABLE'));
  await settle();
  await reading.watch.cancel();
  assert.is(etcd.clock.timers.size, 0);
  await settle();
  assert.is(reading.state, 'done');
  assert.is(etcd.streams.length, 1);
});

// ---- numbers --------------------------------------------------------------------------------------------------------

test('an event counts once for each watch that is given it, also where etcd sends it again or the watch is over', async () => {
  const etcd = new FakeEtcd();
  const one = await etcd.live(100);
  const two = await etcd.live(100);
  etcd.current.events(1, [101, 102]);
  etcd.current.events(1, [102, 103]);
  etcd.current.events(2, [101]);
  assert.is(etcd.hub.stats().events, 4);
  await one.watch.cancel();
  await two.watch.cancel();
  const { open, events } = etcd.hub.stats();
  assert.equal({ open, events }, { open: 0, events: 4 });
});

// ---- close ----------------------------------------------------------------------------------------------------------

test('W-41: close ends every watch without an error, in every state, and leaves no timer', async () => {
  const etcd = new FakeEtcd();
  const live = (await etcd.live()).read();
  const parked = await etcd.live(100, {}, { maxBufferedBytes: 1 });
  etcd.current.events(2, [101]);
  const fragmented = (await etcd.live()).read();
  etcd.current.events(3, [101], { fragment: true });
  const creating = etcd.watch({}, { timeoutMs: 1_000 }).read();
  const elsewhere = etcd.watch({}, { requireLeader: false }).read();
  etcd.current.fail(failure('UNAVAILABLE'));
  await settle();
  assert.is(etcd.hub.stats().parked, 1);
  etcd.hub.close();
  etcd.hub.close();
  parked.read();
  await etcd.clock.advance(10_000);
  for (const { state } of [live, parked, fragmented, creating, elsewhere]) assert.is(state, 'done');
  assert.equal(parked.responses, []);
  await rejects(creating.watch.created, { code: 'CLIENT_CLOSED' });
  assert.equal(
    etcd.streams.map(({ state }) => state),
    ['cancelled', 'failed'],
  );
  assert.equal(etcd.streams[0]?.cancels, [2], 'a parked one, not one for each watch');
  assert.is(etcd.clock.timers.size, 0);
  assert.equal(etcd.hub.stats(), { open: 0, streams: 0, parked: 0, bufferedBytes: 0, resumes: 1, events: 1 });
});

test('W-04: after close a watch fails with CLIENT_CLOSED, and so does a progress request', async () => {
  const etcd = new FakeEtcd();
  etcd.hub.close();
  const reading = etcd.watch().read();
  await settle();
  assert.is((reading.error as { code: string }).code, 'CLIENT_CLOSED');
  await rejects(reading.watch.created, { code: 'CLIENT_CLOSED' });
  await rejects(etcd.hub.requestProgress({}), { code: 'CLIENT_CLOSED' });
  assert.is(etcd.streams.length, 0);
});

test('W-43: a stream that ends because the client is closed ends its watches quietly', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live()).read();
  etcd.current.fail(failure('CLIENT_CLOSED'));
  await etcd.clock.advance(10_000);
  assert.is(reading.state, 'done');
  assert.is(etcd.streams.length, 1);
});

// ---- progress -------------------------------------------------------------------------------------------------------

test('W-39: a progress request goes to every stream of its options, and waits for one that is being reopened', async () => {
  const etcd = new FakeEtcd();
  const asked = (): number[] => etcd.streams.map(({ sent }) => sent.filter(({ type }) => type === 'progress').length);
  await etcd.hub.requestProgress({});
  assert.is(etcd.streams.length, 0, 'no watch, no stream');
  await etcd.live();
  etcd.watch({}, { requireLeader: false });
  await etcd.hub.requestProgress({});
  await etcd.hub.requestProgress({ metadata: { a: 'b' } });
  assert.equal(asked(), [1, 0]);
  etcd.streams[0]?.fail(failure('UNAVAILABLE'));
  await settle();
  await etcd.hub.requestProgress({});
  await etcd.clock.advance(1_000);
  assert.equal(asked(), [1, 0, 1]);
  await rejects(etcd.hub.requestProgress({ signal: AbortSignal.abort('no') }), (reason: unknown) => reason === 'no');
});

test('W-13 W-24: bookmarks are requested in any case, and delivered where they are wanted', async () => {
  const etcd = new FakeEtcd();
  const [quiet, wanted] = [(await etcd.live()).read(), (await etcd.live(100, { progressNotify: true })).read()];
  assert.equal(
    etcd.current.creates.map(({ progressNotify }) => progressNotify),
    [true, true],
  );
  for (const id of [1, 2]) etcd.current.progress(id, 150);
  await settle();
  assert.equal(
    [quiet, wanted].map(({ responses }) => responses.map((r) => [r.progressNotify, r.header.revision])),
    [[], [[true, 150n]]],
  );
});

test('W-40: the answer reaches every watch that was registered before the request, behind its events, and no other', async () => {
  const etcd = new FakeEtcd();
  const [a, b] = [await etcd.live(), await etcd.live()];
  const parked = await etcd.live(100, {}, { maxBufferedBytes: 1 });
  etcd.current.events(3, [101]);
  const creating = etcd.watch();
  await etcd.hub.requestProgress({});
  etcd.current.events(1, [101]);
  etcd.current.progress(-1, 105);
  for (const reading of [a, b, parked, creating]) reading.read();
  await settle();
  const seen = (reading: typeof a): unknown[] =>
    reading.responses.map((r) => (r.progressNotify ? r.header.revision : r.events.length));
  assert.equal([a, b, parked, creating].map(seen), [[1, 105n], [105n], [1], []]);
});

// ---- etcd cancels ---------------------------------------------------------------------------------------------------

test('W-31 H19: compaction ends the watch with COMPACTED, after its events, and its record on the server', async () => {
  const etcd = new FakeEtcd();
  const other = (await etcd.live()).read();
  const reading = await etcd.live(100, { startRevision: 5n });
  etcd.current.events(2, [6]);
  etcd.current.say({ watchId: 2, canceled: true, compactRevision: 9n });
  reading.read();
  etcd.current.events(1, [101]);
  await settle();
  assert.equal(reading.revisions, [[6]]);
  const error = reading.error as Record<string, unknown>;
  assert.equal(
    [error['code'], error['compactRevision'], error['grpcCode'], error['outcome']],
    ['COMPACTED', 9n, 11, 'not-applied'],
  );
  assert.equal(etcd.current.cancels, [2], 'or etcd keeps it, and silences progress requests');
  assert.equal(other.revisions, [[101]]);
});

test('W-14: a compact revision alone is a cancel', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live()).read();
  etcd.current.say({ watchId: 1, compactRevision: 9n });
  await settle();
  assert.is((reading.error as { code: string }).code, 'COMPACTED');
});

test('W-32 B-01: a cancel for another reason delivers the events, then a typed error', async () => {
  const etcd = new FakeEtcd();
  await etcd.live();
  const reading = await etcd.live();
  etcd.current.events(2, [101]);
  etcd.current.say({ watchId: 2, canceled: true, cancelReason: 'etcdserver: permission denied' });
  etcd.current.say({ watchId: 2, canceled: true });
  const iterator = reading.watch[Symbol.asyncIterator]();
  assert.is((await iterator.next()).value?.events.length, 1);
  await rejects(() => iterator.next(), { code: 'PERMISSION_DENIED' });
  assert.is((await iterator.next()).done, true);
  assert.is((await reading.watch.created).revision, 100n);
});

// ---- iteration ------------------------------------------------------------------------------------------------------

test('calls to next that wait are served in order, and the error goes to one of them', async () => {
  const etcd = new FakeEtcd();
  const { watch } = await etcd.live();
  const iterator = watch[Symbol.asyncIterator]();
  const pending = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
  etcd.current.events(1, [101]);
  etcd.current.events(1, [102]);
  etcd.current.say({ watchId: 1, canceled: true, compactRevision: 9n });
  const settled = await Promise.allSettled(pending);
  assert.equal(
    settled.map((one) => (one.status === 'rejected' ? one.reason.code : one.value.value?.events[0]?.kv.modRevision)),
    [101n, 102n, 'COMPACTED', undefined],
  );
});

test('events() gives single events, also to calls that do not wait for one another', async () => {
  const etcd = new FakeEtcd();
  const { watch } = await etcd.live();
  const iterator = watch.events()[Symbol.asyncIterator]();
  const first = [iterator.next(), iterator.next(), iterator.next()];
  etcd.current.events(1, [101, 102]);
  etcd.current.progress(1, 102);
  etcd.current.say({ watchId: 1, events: [event(103, 'a'), event(103, 'b')] });
  const all = await Promise.all([...first, iterator.next()]);
  assert.equal(
    all.map(({ value }) => value?.kv.modRevision),
    [101n, 102n, 103n, 103n],
  );
  await watch.cancel();
  assert.is((await iterator.next()).done, true);
});

test('H35 a failure that nobody looks at is no unhandled rejection', async () => {
  const etcd = new FakeEtcd();
  void etcd.watch().watch.created;
  etcd.current.refused('mvcc: watcher range is empty');
  etcd.watch();
  etcd.current.fail(failure('UNIMPLEMENTED'));
  await settle();
});

function countedSignal(): { signal: AbortSignal; counts: Set<unknown>; abort(reason: unknown): void } {
  const controller = new AbortController();
  const { signal } = controller;
  const counts = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (counts.add(args[1]), add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (counts.delete(args[1]), remove(...args));
  return { signal, counts, abort: (reason) => controller.abort(reason) };
}

test.run();
