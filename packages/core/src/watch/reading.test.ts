import { assert, rejects, suite } from '@etcdts/testing';
import { FakeEtcd, settle, UNAVAILABLE } from './fakes.test.kit.ts';
import type { WatchResponse, WatchStream } from './service.ts';

const test = suite('reading a watch');
type Next<T> = Promise<IteratorResult<T, undefined>>;

/** Asks for so many results at once, before there is one. */
function ask<T>(iterable: AsyncIterable<T>, count: number): Next<T>[] {
  const iterator = iterable[Symbol.asyncIterator]() as AsyncIterator<T, undefined>;
  return Array.from({ length: count }, () => iterator.next());
}

test('several readers who wait for responses are served in the order in which they came', async () => {
  const etcd = new FakeEtcd();
  const { watch } = await etcd.live();
  const asked = ask(watch, 3);
  for (const revision of [101, 102]) etcd.current.events(1, [revision]);
  const revisions = (await Promise.all(asked.slice(0, 2))).map(({ value }) => value?.events[0]?.kv.modRevision);
  assert.equal(revisions, [101n, 102n]);
  await watch.cancel();
  assert.equal(await asked[2], { value: undefined, done: true });
});

test('several readers who wait for events share those of one response, and the rest wait on', async () => {
  const etcd = new FakeEtcd();
  const { watch } = await etcd.live();
  const asked = ask(watch.events(), 4);
  etcd.current.events(1, [101, 102, 103]);
  const revisions = (await Promise.all(asked.slice(0, 3))).map(({ value }) => value?.kv.modRevision);
  assert.equal(revisions, [101n, 102n, 103n]);
  etcd.current.events(1, [104]);
  assert.is((await asked[3])?.value?.kv.modRevision, 104n);
});

test('a failure goes to the first who waits, the end to the others', async () => {
  for (const read of [ask, (watch: { events(): AsyncIterable<unknown> }, n: number) => ask(watch.events(), n)]) {
    const etcd = new FakeEtcd();
    const { watch } = await etcd.live();
    const [first, ...others] = read(watch as never, 3);
    const failed = rejects(first as Promise<unknown>, { code: 'COMPACTED' });
    etcd.current.say({ watchId: 1, canceled: true, compactRevision: 500n });
    await failed;
    for (const other of others) assert.equal(await other, { value: undefined, done: true });
  }
});

test('events that are there are handed out before anybody waits', async () => {
  const etcd = new FakeEtcd();
  const { watch } = await etcd.live();
  etcd.current.events(1, [101, 102]);
  etcd.current.events(1, [103]);
  const asked = ask(watch.events(), 3);
  const revisions = (await Promise.all(asked)).map(({ value }) => value?.kv.modRevision);
  assert.equal(revisions, [101n, 102n, 103n]);
  etcd.current.fail(UNAVAILABLE);
  await settle();
  await watch.cancel();
});

test('a watch has one reader: a second one is refused, of responses or of events', async () => {
  const refused = { code: 'FAILED_PRECONDITION', message: /open a second watch/, method: 'Watch.Watch' };
  const begin = {
    responses: (watch: WatchStream) => watch[Symbol.asyncIterator](),
    events: (watch: WatchStream) => watch.events()[Symbol.asyncIterator](),
  };
  for (const first of Object.values(begin)) {
    for (const second of Object.values(begin)) {
      const etcd = new FakeEtcd();
      const { watch } = await etcd.live();
      const reader = first(watch) as AsyncIterableIterator<unknown>;
      await rejects(async () => second(watch), refused);
      etcd.current.events(1, [101]);
      assert.is((await reader[Symbol.asyncIterator]().next()).done, false, 'the first one reads on');
      await reader.return?.();
      await rejects(async () => second(watch), refused);
    }
  }
});

test('the events of a watch have one reader too', async () => {
  const etcd = new FakeEtcd();
  const { watch } = await etcd.live();
  const events = watch.events();
  const reader = events[Symbol.asyncIterator]();
  await rejects(async () => events[Symbol.asyncIterator](), { code: 'FAILED_PRECONDITION' });
  etcd.current.events(1, [101]);
  assert.is((await reader.next()).value?.kv.modRevision, 101n);
});

test('a loop may go on where single reads stopped', async () => {
  const etcd = new FakeEtcd();
  const { watch } = await etcd.live();
  etcd.current.events(1, [101]);
  etcd.current.events(1, [102]);
  etcd.current.events(1, [103]);
  const revisions: (bigint | undefined)[] = [];
  // Not declared, but there: what was read by `next` before is part of the one reading.
  const { value } = await (watch as unknown as AsyncIterator<WatchResponse, undefined>).next();
  revisions.push(value?.header.revision && value.events[0]?.kv.modRevision);
  const iterator = watch[Symbol.asyncIterator]() as AsyncIterableIterator<WatchResponse, undefined>;
  revisions.push((await iterator.next()).value?.events[0]?.kv.modRevision);
  for await (const { events } of iterator) {
    revisions.push(events[0]?.kv.modRevision);
    break;
  }
  assert.equal(revisions, [101n, 102n, 103n]);
  assert.is(etcd.hub.stats().open, 0, 'leaving it has cancelled the watch');
});

test.run();
