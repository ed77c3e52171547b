import { assert, rejects, suite } from '@etcdts/testing';
import { servedBy } from '../call.ts';
import { EtcdError, isEtcdError } from '../errors.ts';
import { Bench, header, settle, type BenchCall } from './fakes.test.kit.ts';

const test = suite('lease: a member that does not know it');

/** A bench with one member, `a:1`, whose lookups find these times to live, one after the other; an error is thrown. */
function benchOf(lookups: (number | Error)[], caughtUp: unknown = { header }): Bench {
  const bench = new Bench();
  bench.reply = (_: unknown, { name, context }: BenchCall) => {
    context.set(servedBy, 'a:1');
    const answer = name === 'Range' ? caughtUp : lookups.shift();
    if (answer instanceof Error) throw answer;
    return name === 'Range' ? answer : { header, ttl: answer };
  };
  return bench;
}

const failure = (code: 'UNAVAILABLE' | 'PERMISSION_DENIED'): EtcdError =>
  new EtcdError({ code, message: 'from the test', outcome: 'not-applied' });
const names = ({ calls }: Bench): string[] => calls.map(({ name }) => name);

test('a lease that a member does not know is looked up on one that is up to date, and lives on if it is found', async () => {
  const bench = benchOf([7]);
  const kept = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 9);
  await bench.clock.advance(3_000);
  bench.latest.answer(1n, 0);
  await settle();
  assert.equal(names(bench), ['Range', 'LeaseTimeToLive']);
  const [range, lookup] = bench.calls;
  assert.ok(range !== undefined && lookup !== undefined);
  assert.is((range.request as { serializable?: boolean }).serializable, undefined);
  assert.equal([range.options.timeoutMs, range.options.requireLeader, lookup.options.endpoint], [6_000, true, 'a:1']);
  assert.not(kept.signal.aborted);
  assert.equal(bench.latest.asked, [1n, 1n]);
  await bench.clock.advance(500);
  assert.equal(bench.latest.asked, [1n, 1n, 1n]);
  bench.latest.answer(1n, 9);
  await bench.clock.advance(8_999);
  assert.not(kept.signal.aborted);
});

test('while it is looked up nothing is sent, and the signal aborts at the deadline all the same', async () => {
  const bench = benchOf([]);
  bench.reply = () => new Promise(() => {});
  const kept = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 9);
  await bench.clock.advance(3_000);
  bench.latest.answer(1n, 0);
  await bench.clock.advance(5_999);
  assert.not(kept.signal.aborted);
  assert.equal(bench.latest.asked, [1n, 1n]);
  await bench.clock.advance(1);
  assert.ok(isEtcdError(kept.signal.reason, 'LEASE_LOST'));
  assert.is(bench.clock.timers.size, 0);
});

test('a lease that the cluster does not know ends with LEASE_NOT_FOUND, without the right to read as well', async () => {
  for (const caughtUp of [{ header }, failure('PERMISSION_DENIED')]) {
    const bench = benchOf([-1], caughtUp);
    const kept = bench.service.keepAlive(1n, {});
    bench.latest.answer(1n, 0);
    await settle();
    assert.ok(isEtcdError(kept.signal.reason, 'LEASE_NOT_FOUND'));
  }
});

test('nothing is decided by a look-up that fails: the lease is renewed again until its deadline', async () => {
  for (const [lookups, caughtUp] of [[[], failure('UNAVAILABLE')], [[failure('UNAVAILABLE')]]] as const) {
    const bench = benchOf([...lookups], caughtUp);
    const kept = bench.service.keepAlive(1n, { timeoutMs: 1_200 });
    bench.latest.answer(1n, 0);
    await bench.clock.advance(500);
    assert.equal(bench.latest.asked, [1n, 1n]);
    await bench.clock.advance(700);
    const { reason } = kept.signal as { reason: EtcdError };
    assert.ok(isEtcdError(reason, 'LEASE_LOST') && isEtcdError(reason.cause, 'UNAVAILABLE'));
  }
});

test('a keepalive that was cancelled meanwhile stays cancelled', async () => {
  const bench = benchOf([7]);
  const kept = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 0);
  await kept.cancel();
  await bench.clock.advance(2_000);
  assert.equal(bench.streams.length, 1);
  assert.equal(bench.latest.asked, [1n]);
});

test('keepAliveOnce tries again if the cluster knows the lease, and rejects with LEASE_NOT_FOUND if it does not', async () => {
  const bench = benchOf([7, -1]);
  bench.onStream = (stream) => {
    stream.onEnd = () => stream.finish();
    stream.answer(7n, bench.streams.length === 2 ? 30 : 0);
  };
  const renewed = bench.service.keepAliveOnce(7n, {});
  await bench.clock.advance(100);
  assert.is((await renewed).ttl, 30);
  await rejects(bench.service.keepAliveOnce(7n, {}), { code: 'LEASE_NOT_FOUND' });
});

test.run();
