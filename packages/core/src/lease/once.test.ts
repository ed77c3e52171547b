import { getEventListeners } from 'node:events';
import { assert, rejects, suite } from '@etcdts/testing';
import { errorCodes, remedyOf } from '../failures.ts';
import { Bench, settle } from './fakes.test.kit.ts';

const test = suite('lease keepAliveOnce');

test('renews over a stream of its own that has ended before it settles (L-18)', async () => {
  const bench = new Bench();
  bench.service.keepAlive(1n, {});
  let settled = false;
  const renewing = bench.service.keepAliveOnce(7n, {}).finally(() => (settled = true));
  assert.is(bench.streams.length, 2);
  assert.equal(bench.latest.asked, [7n]);
  assert.not(bench.latest.halfClosed, 'the proxy of etcd takes a half-closed stream for a finished one');
  bench.latest.answer(7n, 30);
  await settle();
  assert.ok(bench.latest.halfClosed);
  assert.not(settled);
  bench.latest.finish();
  assert.is((await renewing).ttl, 30);
  assert.is(bench.streams[0]?.state, 'open');
});

test('cancels the stream where the server does not end it within 1 s', async () => {
  const bench = new Bench();
  const renewing = bench.service.keepAliveOnce(7n, {});
  bench.latest.answer(7n, 30);
  await bench.clock.advance(1_000);
  assert.is(bench.latest.state, 'cancelled');
  await renewing;
  assert.is(bench.clock.timers.size, 0);
});

test('lets the answer stand where the stream fails after it', async () => {
  const bench = new Bench();
  const renewing = bench.service.keepAliveOnce(7n, {});
  bench.latest.answer(7n, 30);
  await bench.latest.fail('UNAVAILABLE');
  assert.is((await renewing).ttl, 30);
  assert.is(bench.clock.timers.size, 0);
});

test('rejects with LEASE_NOT_FOUND where etcd answers a time to live of 0', async () => {
  const bench = new Bench();
  bench.onStream = (stream) => {
    stream.onEnd = () => stream.finish();
    stream.answer(7n, 0);
  };
  await rejects(bench.service.keepAliveOnce(7n, {}), { code: 'LEASE_NOT_FOUND' });
  assert.is(bench.latest.state, 'ended');
});

test('rejects at once with any verdict that asking again would not change', async () => {
  const bench = new Bench();
  bench.onStream = (stream) => void stream.fail('PERMISSION_DENIED');
  await rejects(bench.service.keepAliveOnce(7n, {}), { code: 'PERMISSION_DENIED' });
  assert.is(bench.streams.length, 1);
});

test('tries again after a failure of any code that another try may turn into an answer, and after no other', async () => {
  for (const code of errorCodes()) {
    const bench = new Bench();
    bench.onStream = (stream) => void stream.fail(code);
    const renewing = rejects(bench.service.keepAliveOnce(7n, { timeoutMs: 100 }), { code });
    await bench.clock.advance(100);
    await renewing;
    const again = ['again', 'elsewhere', 'later'].includes(remedyOf(code));
    assert.is(bench.streams.length > 1, again, code);
  }
});

test('tries again with backoff while no member can answer, and fails with the last error at the deadline (B-04)', async () => {
  const bench = new Bench();
  const opened: number[] = [];
  bench.onStream = (stream) => {
    opened.push(bench.clock.time - 1_000);
    void stream.fail('NO_LEADER');
  };
  const renewing = rejects(bench.service.keepAliveOnce(7n, { timeoutMs: 1_000 }), { code: 'NO_LEADER' });
  await bench.clock.advance(1_000);
  await renewing;
  assert.equal(opened, [0, 25, 75, 175, 375, 775]);
  assert.equal(
    bench.streams.map(({ options }) => options.timeoutMs),
    [1_000, 975, 925, 825, 625, 225],
  );
});

test('has the deadline of a unary call unless an option differs', () => {
  const bench = new Bench();
  const { signal } = new AbortController();
  void bench.service.keepAliveOnce(7n, { signal });
  assert.is(bench.latest.options.timeoutMs, 10_000);
  assert.is(bench.latest.options.signal, signal);
  void bench.service.keepAliveOnce(7n, { timeoutMs: Infinity });
  assert.is(bench.latest.options.timeoutMs, Infinity);
});

test('rejects with the reason of an abort, also between two attempts', async () => {
  const bench = new Bench();
  const own = new AbortController();
  bench.onStream = (stream) => void stream.fail('UNAVAILABLE');
  const renewing = rejects(bench.service.keepAliveOnce(7n, { signal: own.signal }), /enough/);
  await bench.clock.advance(50);
  own.abort(new Error('enough'));
  await renewing;
  assert.is(bench.clock.timers.size, 0);
  const { length } = bench.streams;
  await bench.clock.advance(60_000);
  assert.is(bench.streams.length, length);
});

test('listens to the signal no longer than needed (H38)', async () => {
  const bench = new Bench();
  const own = new AbortController();
  bench.onStream = (stream) => void stream.fail('UNAVAILABLE');
  const renewing = bench.service.keepAliveOnce(7n, { signal: own.signal });
  await bench.clock.advance(30);
  assert.is(getEventListeners(own.signal, 'abort').length, 1);
  bench.onStream = (stream) => {
    stream.onEnd = () => stream.finish();
    stream.answer(7n, 30);
  };
  await bench.clock.advance(500);
  await renewing;
  assert.is(getEventListeners(own.signal, 'abort').length, 0);
});

test.run();
