import { assert, rejects, suite } from '@etcdts/testing';
import { FakeEtcd, settle, UNAVAILABLE } from './fakes.test.kit.ts';

const test = suite('reading a watch');
type Next<T> = Promise<IteratorResult<T, undefined>>;

/** Asks for so many results at once, before there is one. */
function ask<T>(iterable: AsyncIterable<T>, count: number): Next<T>[] {
  const iterator = iterable[Symbol.asyncIterator]() as AsyncIterator<T, undefined>;
  return Array.from({ length: count }, () => iterator.next());
}

test('several readers who wait for responses are served in the order in which they asked', async () => {
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

test.run();
