import { getEventListeners } from 'node:events';
import { assert, rejects, suite } from '@etcdts/testing';
import { isEtcdError } from '../errors.ts';
import { Bench, FakeClock, settle } from './fakes.test.kit.ts';
import { GrantedLives } from './granted-lives.ts';

const test = suite('lease keeper');

test('sends the first renewal at once, on a stream that requires a leader and has no deadline (L-06)', () => {
  const bench = new Bench();
  bench.service.keepAlive(7n, {});
  assert.equal(bench.latest.asked, [7n]);
  assert.is(bench.latest.options.requireLeader, true);
  assert.is(bench.latest.options.timeoutMs, Infinity);
});

test('renews a third of the time to live after the acknowledged renewal was sent, read or not (L-08, L-09)', async () => {
  const bench = new Bench();
  bench.service.keepAlive(7n, {});
  const start = bench.clock.time;
  bench.clock.block(500);
  bench.latest.answer(7n, 30);
  await bench.clock.advance(9_499);
  assert.is(bench.latest.sent.length, 1);
  await bench.clock.advance(1);
  assert.equal(
    bench.latest.sent.map(({ at }) => at - start),
    [0, 10_000],
  );
  bench.latest.answer(7n, 30);
  await bench.clock.advance(10_000);
  assert.equal(
    bench.latest.sent.map(({ at }) => at - start),
    [0, 10_000, 20_000],
  );
});

test('shares one stream among 500 leases, and sends what is due together in one burst (L-06)', async () => {
  const bench = new Bench();
  for (let id = 1n; id <= 500n; id++) bench.service.keepAlive(id, {});
  for (let id = 1n; id <= 500n; id++) bench.latest.answer(id, 30);
  await bench.clock.advance(10_000);
  assert.is(bench.streams.length, 1);
  assert.is(bench.latest.sent.length, 1_000);
});

test('renews leases of different time to live each at its own pace', async () => {
  const bench = new Bench();
  bench.service.keepAlive(1n, {});
  bench.service.keepAlive(2n, {});
  const times: Record<string, number> = { 1: 0, 2: 0 };
  for (let second = 0; second < 60; second++) {
    for (const { id } of bench.latest.sent.splice(0)) {
      times[String(id)]!++;
      bench.latest.answer(id, id === 1n ? 6 : 60);
    }
    await bench.clock.advance(1_000);
  }
  assert.equal(times, { 1: 30, 2: 3 });
});

test('opens no stream and holds no process before the first lease nor after the last is cancelled (L-15, H37)', async () => {
  const bench = new Bench();
  assert.is(bench.streams.length, 0);
  const first = bench.service.keepAlive(1n, {});
  const second = bench.service.keepAlive(2n, {});
  bench.latest.answer(1n, 6);
  assert.ok(bench.clock.holding);
  await first.cancel();
  assert.is(bench.latest.state, 'open');
  await second.cancel();
  assert.is(bench.latest.state, 'cancelled');
  assert.not(bench.clock.holding);
  await bench.clock.advance(60_000);
  assert.is(bench.streams.length, 1);
  assert.is(bench.clock.timers.size, 0);
});

test('keeps a lease for its other holders when one cancels (L-05, L-15)', async () => {
  const bench = new Bench();
  const first = bench.service.keepAlive(1n, {});
  const second = bench.service.keepAlive(1n, {});
  assert.is(bench.latest.sent.length, 1, 'one request serves both');
  await first.cancel();
  const iterator = second[Symbol.asyncIterator]();
  bench.latest.answer(1n, 6);
  assert.is((await iterator.next()).value?.ttl, 6);
  await bench.clock.advance(2_000);
  assert.is(bench.latest.sent.length, 2);
  assert.not(second.signal.aborted);
});

test('L-11 aborts the signal with LEASE_LOST at the send time of the last acknowledged renewal plus its time to live', async () => {
  const bench = new Bench();
  const lease = bench.service.keepAlive(1n, {});
  bench.clock.block(400);
  bench.latest.answer(1n, 6);
  let abortedAt = 0;
  lease.signal.addEventListener('abort', () => (abortedAt = bench.clock.time));
  await bench.clock.advance(5_599);
  assert.not(lease.signal.aborted);
  await bench.clock.advance(1);
  assert.is(abortedAt, 1_000 + 6_000);
  assert.ok(isEtcdError(lease.signal.reason, 'LEASE_LOST'));
  assert.is(bench.latest.state, 'cancelled', 'no lease is left');
});

test('L-11 shows a passed deadline to a reader of the signal, before any timer has run (H26)', () => {
  for (const ask of ['aborted', 'reason', 'throwIfAborted'] as const) {
    const bench = new Bench();
    const { signal } = bench.service.keepAlive(1n, {});
    bench.latest.answer(1n, 6);
    signal.throwIfAborted();
    assert.is(signal.reason, undefined);
    bench.clock.block(6_000);
    if (ask === 'throwIfAborted') assert.throws(() => signal.throwIfAborted(), /LEASE_LOST/);
    else if (ask === 'reason') assert.match(String(signal.reason), /LEASE_LOST/);
    else assert.is(signal.aborted, true);
  }
});

test('makes no signal before one is read; one that is read after the end is aborted, with the same reason', async () => {
  const { AbortController: Real } = globalThis;
  let made = 0;
  globalThis.AbortController = class extends Real {
    constructor() {
      super();
      made++;
    }
  };
  try {
    const bench = new Bench();
    const [unread, late] = [bench.service.keepAlive(1n, {}), bench.service.keepAlive(1n, {})];
    const reading = unread[Symbol.asyncIterator]().next();
    bench.latest.answer(1n, 6);
    await reading;
    await bench.clock.advance(6_000);
    assert.is(made, 0);
    assert.ok(late.signal.aborted);
    assert.ok(isEtcdError(late.signal.reason, 'LEASE_LOST'));
    assert.is(unread.signal, late.signal);
    assert.is(made, 1);
    const passed = bench.service.keepAlive(2n, {});
    bench.latest.answer(2n, 6);
    bench.clock.block(6_000);
    assert.throws(() => passed.signal.throwIfAborted(), /LEASE_LOST/, 'before any timer has run');
  } finally {
    globalThis.AbortController = Real;
  }
});

test('looks at a lease only when its time comes: renewals of some do not read the others', async () => {
  const bench = new Bench();
  for (let id = 1n; id <= 1_000n; id++) bench.service.keepAlive(id, {});
  for (let id = 1n; id <= 1_000n; id++) bench.latest.answer(id, 3_000);
  bench.service.keepAlive(2_000n, {});
  bench.latest.answer(2_000n, 3);
  await bench.clock.advance(2_000);
  let readings = 0;
  const { now } = bench.clock;
  bench.clock.now = () => (readings++, now.call(bench.clock));
  for (let second = 0; second < 10; second++) {
    bench.latest.answer(2_000n, 3);
    await bench.clock.advance(1_000);
  }
  assert.ok(readings < 200, `${readings} readings of the clock`);
});

test('gives signals that AbortSignal.any and listeners understand', async () => {
  const bench = new Bench();
  const { signal } = bench.service.keepAlive(1n, {});
  assert.instance(signal, AbortSignal);
  const any = AbortSignal.any([signal, new AbortController().signal]);
  let heard = 0;
  signal.onabort = () => heard++;
  signal.addEventListener('abort', () => heard++);
  bench.latest.answer(1n, 2);
  await bench.clock.advance(2_000);
  assert.is(heard, 2);
  assert.ok(any.aborted);
  assert.ok(isEtcdError(any.reason, 'LEASE_LOST'));
  assert.ok(AbortSignal.any([signal]).aborted);
});

test('shows a passed deadline to a reader that requests the next renewal, before any timer has run', async () => {
  const bench = new Bench();
  const iterator = bench.service.keepAlive(1n, {})[Symbol.asyncIterator]();
  bench.latest.answer(1n, 6);
  bench.clock.block(6_000);
  await rejects(iterator.next(), { code: 'LEASE_LOST' });
});

test('keeps a lease lost once its deadline has passed, although an answer comes (H26)', async () => {
  const bench = new Bench();
  const lease = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 6);
  await bench.clock.advance(2_000);
  assert.is(bench.latest.sent.length, 2);
  bench.clock.block(4_500);
  bench.latest.answer(1n, 6);
  assert.ok(lease.signal.aborted);
});

test('counts a lease lost where an answer is older than the time to live that it brings', async () => {
  const bench = new Bench();
  const lease = bench.service.keepAlive(1n, {});
  const reading = lease[Symbol.asyncIterator]().next();
  bench.clock.block(3_000);
  bench.latest.answer(1n, 2);
  await rejects(reading, { code: 'LEASE_LOST' });
});

test('begins anew for a lease whose deadline has passed before any timer has run', () => {
  const bench = new Bench();
  const lost = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 6);
  bench.clock.block(6_000);
  const again = bench.service.keepAlive(1n, {});
  assert.ok(lost.signal.aborted);
  assert.not(again.signal.aborted);
});

test('takes a lease up again that was cancelled before its first answer', async () => {
  const bench = new Bench();
  await bench.service.keepAlive(1n, {}).cancel();
  const again = bench.service.keepAlive(1n, {});
  assert.equal(bench.latest.asked, [1n]);
  assert.is(bench.streams.length, 2);
  bench.latest.answer(1n, 60);
  await bench.clock.advance(15_000);
  assert.not(again.signal.aborted);
});

test('sends renewals together that are due within 100 ms', async () => {
  const bench = new Bench();
  bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 30);
  await bench.clock.advance(90);
  bench.service.keepAlive(2n, {});
  bench.latest.answer(2n, 30);
  await bench.clock.advance(9_910);
  assert.equal(bench.latest.asked, [1n, 2n, 1n, 2n]);
});

test('remembers the last 1,000 grants', () => {
  const clock = new FakeClock();
  const lives = new GrantedLives(clock);
  for (let id = 0n; id <= 1_000n; id++) lives.add(id, clock.now(), 5);
  assert.is(lives.take(0n), undefined);
  assert.equal(lives.take(1n), { deadline: clock.now() + 5_000, ttlMs: 5_000 });
  assert.is(lives.take(1n), undefined);
});

test('counts from the grant where this client granted the lease, until a renewal is acknowledged', async () => {
  const bench = new Bench();
  bench.reply = () => ({ id: 5n, ttl: 4 });
  const granting = bench.service.grant({ id: 5n, ttl: 4 }, {});
  bench.clock.block(1_000);
  await granting;
  const { signal } = bench.service.keepAlive(5n, {});
  await bench.clock.advance(2_999);
  assert.not(signal.aborted);
  await bench.clock.advance(1);
  assert.ok(isEtcdError(signal.reason, 'LEASE_LOST'));
});

test('asks about a granted lease whose time is up, because others may have renewed it', async () => {
  const bench = new Bench();
  bench.reply = () => ({ id: 5n, ttl: 4 });
  await bench.service.grant({ id: 5n, ttl: 4 }, {});
  bench.clock.block(5_000);
  const { signal } = bench.service.keepAlive(5n, {});
  bench.latest.answer(5n, 4);
  assert.not(signal.aborted);
});

test('gives up on a lease of unknown time to live where no answer comes within timeoutMs (TestLeaseKeepAliveInitTimeout)', async () => {
  const bench = new Bench();
  const usual = bench.service.keepAlive(1n, {});
  const hasty = bench.service.keepAlive(2n, { timeoutMs: 3_000 });
  await bench.clock.advance(2_999);
  assert.not(hasty.signal.aborted);
  await bench.clock.advance(1);
  assert.ok(isEtcdError(hasty.signal.reason, 'LEASE_LOST'));
  await bench.clock.advance(6_999);
  assert.not(usual.signal.aborted);
  await bench.clock.advance(1);
  assert.ok(isEtcdError(usual.signal.reason, 'LEASE_LOST'));
});

test('ends one lease alone where etcd answers a time to live of 0 (L-10, H28)', async () => {
  const bench = new Bench();
  const gone = bench.service.keepAlive(1n, {});
  const other = bench.service.keepAlive(2n, {});
  const reading = gone[Symbol.asyncIterator]().next();
  bench.latest.answer(1n, 0);
  await rejects(reading, { code: 'LEASE_NOT_FOUND' });
  assert.ok(isEtcdError(gone.signal.reason, 'LEASE_NOT_FOUND'));
  bench.latest.answer(2n, 6);
  await bench.clock.advance(2_000);
  assert.equal(bench.latest.asked, [1n, 2n, 2n]);
  assert.not(other.signal.aborted);
});

test('ends a keepalive before its revoke is sent: the iteration ends, the signal aborts (L-19)', async () => {
  const bench = new Bench();
  const lease = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 6);
  const iterator = lease[Symbol.asyncIterator]();
  await iterator.next();
  const reading = iterator.next();
  const revoking = bench.service.revoke({ id: 1n }, {});
  assert.ok(isEtcdError(lease.signal.reason, 'LEASE_NOT_FOUND'));
  assert.match(lease.signal.reason.message, /revoked/);
  assert.equal(await reading, { done: true, value: undefined });
  assert.is(bench.latest.state, 'cancelled');
  await revoking;
});

test('ends every keepalive with CLIENT_CLOSED on close, those made after it at once (L-16, L-17, H36)', async () => {
  const bench = new Bench();
  const open = bench.service.keepAlive(1n, {});
  const faded = bench.service.keepAlive(2n, {});
  await faded.cancel();
  const reading = open[Symbol.asyncIterator]().next();
  bench.service.close();
  assert.is(bench.clock.timers.size, 0);
  await rejects(reading, { code: 'CLIENT_CLOSED' });
  const own = new AbortController();
  const late = bench.service.keepAlive(3n, { signal: own.signal });
  assert.is(getEventListeners(own.signal, 'abort').length, 0);
  for (const { signal } of [open, faded, late]) assert.ok(isEtcdError(signal.reason, 'CLIENT_CLOSED'));
  await rejects(late[Symbol.asyncIterator]().next(), { code: 'CLIENT_CLOSED' });
  assert.is(bench.streams.length, 1);
  assert.is(bench.latest.state, 'cancelled');
  assert.is(bench.clock.timers.size, 0);
});

test('fires the signal of a cancelled keepalive when its lease may be gone, without holding the process', async () => {
  const bench = new Bench();
  const lease = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 6);
  await lease.cancel();
  await bench.clock.advance(5_999);
  assert.not(lease.signal.aborted);
  await bench.clock.advance(1);
  assert.ok(isEtcdError(lease.signal.reason, 'LEASE_LOST'));
});

test('takes a cancelled lease up again, with its deadline and its signal', async () => {
  const bench = new Bench();
  const first = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 6);
  await first.cancel();
  await bench.clock.advance(4_000);
  const second = bench.service.keepAlive(1n, {});
  assert.is(second.signal, first.signal);
  assert.is(bench.streams.length, 2);
  bench.latest.answer(1n, 6);
  await bench.clock.advance(1_999);
  assert.not(second.signal.aborted);
});

test('begins anew for a lease that was lost, and does not take an answer to the lost one for its own', async () => {
  const bench = new Bench();
  bench.service.keepAlive(9n, {});
  bench.latest.answer(9n, 60);
  const lost = bench.service.keepAlive(1n, { timeoutMs: 500 });
  await bench.clock.advance(500);
  assert.ok(lost.signal.aborted);
  const again = bench.service.keepAlive(1n, {});
  assert.is(bench.streams.length, 1);
  bench.latest.answer(1n, 0);
  assert.not(again.signal.aborted);
  bench.latest.answer(1n, 6);
  await bench.clock.advance(5_999);
  assert.not(again.signal.aborted);
});

test('ends a keepalive with the reason of its own signal, and listens to it no longer than needed (H38)', async () => {
  const bench = new Bench();
  const own = new AbortController();
  const lease = bench.service.keepAlive(1n, { signal: own.signal });
  bench.latest.answer(1n, 6);
  const reading = lease[Symbol.asyncIterator]();
  await reading.next();
  const next = reading.next();
  await bench.service.keepAlive(3n, { signal: own.signal }).cancel();
  assert.is(getEventListeners(own.signal, 'abort').length, 1);
  own.abort(new Error('enough'));
  await rejects(next, /enough/);
  assert.is(bench.latest.state, 'cancelled');
  assert.not(lease.signal.aborted);

  const aborted = bench.service.keepAlive(2n, { signal: own.signal });
  await rejects(aborted[Symbol.asyncIterator]().next(), /enough/);
  assert.is(bench.streams.length, 1);
});

test('refuses a timeoutMs that is no time', () => {
  const bench = new Bench();
  for (const timeoutMs of [0, -1, NaN]) {
    assert.throws(() => bench.service.keepAlive(1n, { timeoutMs }), /INVALID_ARGUMENT: timeoutMs/);
  }
});

test('counts the leases that it keeps, and as lost those alone that ended while they were kept and against all will', async () => {
  const bench = new Bench();
  const [expiring, missing, revoked, cancelled, closed] = [1n, 2n, 3n, 4n, 5n];
  for (const id of [expiring, missing, revoked, closed]) bench.service.keepAlive(id, {});
  bench.service.keepAlive(closed, {});
  const hold = bench.service.keepAlive(cancelled, {});
  assert.equal(bench.service.stats(), { kept: 5, lost: 0 });
  bench.latest.answer(expiring, 3);
  for (const id of [revoked, cancelled, closed]) bench.latest.answer(id, 60);
  bench.latest.answer(missing, 0);
  await settle();
  assert.equal(bench.service.stats(), { kept: 4, lost: 1 });
  await bench.service.revoke({ id: revoked }, {});
  await hold.cancel();
  await bench.clock.advance(4_000);
  assert.equal(bench.service.stats(), { kept: 1, lost: 2 });
  await bench.clock.advance(1_000);
  bench.service.close();
  assert.equal(bench.service.stats(), { kept: 0, lost: 2 });
});

test('passes over answers that nobody requested', async () => {
  const bench = new Bench();
  const lease = bench.service.keepAlive(1n, {});
  bench.latest.answer(2n, 6);
  bench.latest.answer(1n, 6);
  bench.latest.answer(1n, 600);
  await bench.clock.advance(6_000);
  assert.ok(isEtcdError(lease.signal.reason, 'LEASE_LOST'));
});

test('warns once where the event loop was blocked for over a sixth of a time to live (H26)', async () => {
  const bench = new Bench();
  bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 30);
  for (let i = 0; i < 2; i++) {
    bench.clock.block(15_500);
    await bench.clock.advance(0);
    bench.latest.answer(1n, 30);
    await settle();
  }
  assert.is(bench.warnings.length, 1);
  assert.match(bench.warnings[0] as string, /blocked for 14500 ms/);
});

test('renews 2,000 leases with a handful of timers', async () => {
  const bench = new Bench();
  const count = 2_000;
  for (let id = 1; id <= count; id++) bench.service.keepAlive(BigInt(id), {});
  for (let round = 0; round < 3; round++) {
    const asked = bench.latest.sent.splice(0);
    assert.is(asked.length, count);
    for (const { id } of asked) bench.latest.answer(id, 30);
    const before = bench.clock.armed;
    await bench.clock.advance(10_000);
    assert.ok(bench.clock.armed - before < 10);
  }
});

test.run();
