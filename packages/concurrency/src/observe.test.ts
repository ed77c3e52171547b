import { assert, FakeClock, rejects, settle, suite } from '@etcdts/testing';
import { FakeEtcd, failure } from './fake-etcd.test.kit.ts';
import { contendersOf } from './keys.ts';
import { leaderOf, type Leader } from './leader.ts';
import { observe, type ObserveOptions } from './observe.ts';

const test = suite('observers of elections');
const contenders = contendersOf('e');

function reader(
  etcd: FakeEtcd,
  { vacancies = false, ...options }: ObserveOptions = {},
  clock = new FakeClock(),
): AsyncIterator<Leader | undefined> {
  const site = { clock, random: () => 1, logger: {} as never, requestTimeoutMs: 10_000 };
  return observe(etcd.client, { contenders, vacancies, options, site })[Symbol.asyncIterator]();
}

/** The next leader as `key=value`, `vacant`, or the end. */
async function next(iterator: AsyncIterator<Leader | undefined>): Promise<string> {
  const { value, done } = await iterator.next();
  if (done === true) return 'end';
  return value === undefined ? 'vacant' : `${value.kv.key.toString()}=${value.kv.text()}`;
}

test('EL-08 the present leader comes first, then each of its proclamations and each new leader, with revisions', async () => {
  const etcd = new FakeEtcd();
  etcd.change({ 'e/b': '1' });
  etcd.change({ 'e/a': '2' });
  const iterator = reader(etcd);
  const { value } = await iterator.next();
  assert.is(value?.revision, 3n);
  assert.is(value?.kv.text(), '1');
  etcd.change({ 'e/a': 'of a candidate' });
  etcd.change({ 'e/b': '3' });
  etcd.change({ 'e/b': undefined });
  assert.is(await next(iterator), 'e/b=3');
  const second = await iterator.next();
  assert.is(second.value?.kv.text(), 'of a candidate');
  assert.is(second.value?.revision, 6n);
});

test('EL-08 what happens between the list and the watch is not missed, and nothing comes twice', async () => {
  const etcd = new FakeEtcd();
  etcd.change({ 'e/a': '1' });
  etcd.afterGet = () => {
    etcd.change({ 'e/a': '2' });
    etcd.change({ 'e/a': undefined, 'e/b': '3' });
  };
  const iterator = reader(etcd);
  assert.equal([await next(iterator), await next(iterator), await next(iterator)], ['e/a=1', 'e/a=2', 'e/b=3']);
});

test('EL-08 a candidate that comes back is the newest, and one whose key is put in a vacancy leads only if it is the oldest', async () => {
  const etcd = new FakeEtcd();
  for (const key of ['e/a', 'e/b', 'e/c']) etcd.change({ [key]: key });
  const iterator = reader(etcd);
  assert.is(await next(iterator), 'e/a=e/a');
  etcd.change({ 'e/a': undefined });
  etcd.change({ 'e/a': 'back' });
  etcd.change({ 'e/c': 'first put that is seen' });
  etcd.change({ 'e/b': undefined });
  etcd.change({ 'e/c': undefined });
  const seen = [await next(iterator), await next(iterator), await next(iterator)];
  assert.equal(seen, ['e/b=e/b', 'e/c=first put that is seen', 'e/a=back']);
});

test('EL-08 a leader that goes and a candidate that comes in one transaction are no vacancy', async () => {
  const etcd = new FakeEtcd();
  etcd.change({ 'e/a': '1' });
  const iterator = reader(etcd, { vacancies: true });
  assert.is(await next(iterator), 'e/a=1');
  etcd.change({ 'e/a': undefined, 'e/b': '2' });
  etcd.change({ 'e/b': undefined });
  etcd.change({ 'e/c': '3' });
  assert.equal([await next(iterator), await next(iterator), await next(iterator)], ['e/b=2', 'vacant', 'e/c=3']);
});

test('EL-08 two candidates of one revision are two leaders', async () => {
  const etcd = new FakeEtcd();
  etcd.change({ 'e/a': '1', 'e/b': '1' });
  const iterator = reader(etcd);
  assert.is(await next(iterator), 'e/a=1');
  etcd.change({ 'e/a': undefined });
  assert.is(await next(iterator), 'e/b=1');
});

test('EL-08 a vacancy comes first if nobody leads and vacancies are wanted', async () => {
  const etcd = new FakeEtcd();
  assert.is(await next(reader(etcd, { vacancies: true })), 'vacant');
  const quiet = reader(etcd);
  const first = next(quiet);
  await settle();
  etcd.change({ 'e/a': '1' });
  assert.is(await first, 'e/a=1');
});

test('EL-09 after a compaction the candidates are listed again, and only what differs comes', async () => {
  const etcd = new FakeEtcd();
  etcd.change({ 'e/a': '1' });
  etcd.afterGet = () => {
    etcd.afterGet = undefined;
    etcd.change({ 'e/z': 'x' });
    etcd.change({ x: 'y' });
    etcd.compact();
  };
  const iterator = reader(etcd);
  assert.is(await next(iterator), 'e/a=1');
  const later = next(iterator);
  await settle();
  assert.is(etcd.gets.length, 2);
  etcd.change({ 'e/a': undefined });
  assert.is(await later, 'e/z=x');
});

test('EL-09 the list is repeated while it fails in a way that passes, and a refusal ends the iteration', async () => {
  const etcd = new FakeEtcd();
  const clock = new FakeClock();
  etcd.change({ 'e/a': '1' });
  etcd.failures = [failure('UNAVAILABLE'), failure('NO_LEADER'), failure('DEADLINE_EXCEEDED')];
  assert.is(await clock.until(next(reader(etcd, {}, clock))), 'e/a=1');
  assert.is(clock.time, 1_000 + 50 + 100 + 200);
  etcd.failures = [failure('PERMISSION_DENIED')];
  const refused = reader(etcd, {}, clock);
  await rejects(refused.next(), { code: 'PERMISSION_DENIED' });
  assert.is(await next(refused), 'end');
});

test('timeoutMs bounds the time until the first leader is read, and then nothing', async () => {
  const etcd = new FakeEtcd();
  const clock = new FakeClock();
  etcd.failures = Array.from({ length: 9 }, () => failure('UNAVAILABLE'));
  const reading = reader(etcd, { timeoutMs: 1_000 }, clock);
  await rejects(clock.until(reading.next()), { code: 'UNAVAILABLE' });
  assert.equal(
    etcd.gets.map(({ timeoutMs }) => timeoutMs),
    [1_000, 950, 850, 650, 250],
  );
  assert.is(clock.timers.size, 0);
  etcd.failures = [];
  etcd.change({ 'e/a': '1' });
  await reader(etcd, { timeoutMs: 1_000 }, clock).next();
  await settle();
  assert.not('timeoutMs' in etcd.watches[0]!.options);
});

test('EL-10 an abort throws its reason at once, drops what is not read, and ends the watch', async () => {
  const etcd = new FakeEtcd();
  etcd.change({ 'e/a': '1' });
  const controller = new AbortController();
  const iterator = reader(etcd, { signal: controller.signal });
  await iterator.next();
  etcd.change({ 'e/a': '2' });
  await settle();
  controller.abort('enough');
  assert.is(await iterator.next().catch((reason: unknown) => reason), 'enough');
  assert.is(await next(iterator), 'end');
  assert.ok(etcd.watches[0]?.options.signal?.aborted);
});

test('EL-10 a signal that is aborted before the first read sends nothing, and one that aborts in a pause ends it', async () => {
  const etcd = new FakeEtcd();
  const clock = new FakeClock();
  await rejects(reader(etcd, { signal: AbortSignal.abort() }).next(), { name: 'AbortError' });
  assert.is(etcd.gets.length, 0);
  const controller = new AbortController();
  etcd.failures = [failure('UNAVAILABLE')];
  const read = reader(etcd, { signal: controller.signal }, clock).next();
  await settle();
  assert.is(clock.timers.size, 1);
  controller.abort();
  await rejects(read, { name: 'AbortError' });
  assert.is(clock.timers.size, 0);
});

test('EL-10 it ends when the client is closed: while it lists, and while it watches', async () => {
  const etcd = new FakeEtcd();
  etcd.failures = [failure('CLIENT_CLOSED')];
  assert.is(await next(reader(etcd)), 'end');
  const iterator = reader(etcd);
  const end = next(iterator);
  await settle();
  etcd.watches[0]?.end('well');
  assert.is(await end, 'end');
});

test('EL-10 another failure of the watch comes after what came before it', async () => {
  const etcd = new FakeEtcd();
  etcd.change({ 'e/a': '1' });
  const iterator = reader(etcd);
  await iterator.next();
  etcd.change({ 'e/a': '2' });
  await settle();
  etcd.watches[0]?.end({ reason: failure('CLUSTER_RESET') });
  await settle();
  assert.is(await next(iterator), 'e/a=2');
  await rejects(iterator.next(), { code: 'CLUSTER_RESET' });
  assert.is(await next(iterator), 'end');
});

test('EL-11 a reader that is behind gets the newest 64, and of large proclamations at most 1 MiB', async () => {
  const etcd = new FakeEtcd();
  etcd.change({ 'e/a': 'first' });
  const iterator = reader(etcd);
  await iterator.next();
  for (let i = 1; i <= 1_000; i++) etcd.change({ 'e/a': String(i) });
  await settle();
  for (let i = 937; i <= 1_000; i++) assert.is(await next(iterator), `e/a=${i}`);
  for (let i = 1; i <= 9; i++) etcd.change({ 'e/a': String(i).repeat(300_000) });
  await settle();
  const kept = [await next(iterator), await next(iterator), await next(iterator)].map((text) => text[4]);
  assert.equal(kept, ['7', '8', '9']);
  etcd.change({ 'e/a': 'x'.repeat(2_000_000) });
  await settle();
  assert.is((await next(iterator)).length, 2_000_004);
});

test('leaving the iteration ends the watch', async () => {
  const etcd = new FakeEtcd();
  etcd.change({ 'e/a': '1' });
  const iterator = reader(etcd);
  await iterator.next();
  await settle();
  await iterator.return?.();
  assert.ok(etcd.watches[0]?.options.signal?.aborted);
  assert.is(await next(iterator), 'end');
});

test('CO-17 EL-07 the leader is the candidate with the lowest create revision, or undefined', async () => {
  const etcd = new FakeEtcd();
  assert.is(await leaderOf(etcd.client, contenders, {}), undefined);
  etcd.change({ 'e/b': '1' });
  etcd.change({ 'e/a': '2' });
  etcd.change({ 'e/b': '3' });
  const found = await leaderOf(etcd.client, contenders, {});
  assert.is(found?.kv.text(), '3');
  assert.is(found?.revision, 4n);
  assert.is(etcd.gets.at(-1)?.serializable, undefined);
});

test.run();
