import { assert, suite } from '@etcdts/testing';
import { isEtcdError } from '../errors.ts';
import { Bench, settle } from './fakes.test.kit.ts';

const test = suite('lease keeper faults');

test('opens a failed stream again at once, then with full-jitter backoff up to 500 ms, until the deadline (L-12)', async () => {
  const bench = new Bench();
  const opened: number[] = [];
  const { signal } = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 6);
  await settle();
  bench.onStream = (stream) => {
    opened.push(bench.clock.time);
    void stream.fail('UNAVAILABLE');
  };
  await bench.clock.advance(2_000);
  const first = bench.clock.time;
  await bench.latest.fail('UNAVAILABLE');
  await bench.clock.advance(1_275);
  assert.equal(
    opened.map((at) => at - first),
    [0, 25, 75, 175, 375, 775, 1_275],
  );
  await bench.clock.advance(2_724);
  assert.not(signal.aborted);
  await bench.clock.advance(1);
  assert.ok(isEtcdError(signal.reason, 'LEASE_LOST'));
  assert.ok(isEtcdError(signal.reason.cause, 'UNAVAILABLE'));
  const count = opened.length;
  await bench.clock.advance(60_000);
  assert.is(opened.length, count);
});

for (const code of ['NO_LEADER', 'INVALID_AUTH_TOKEN', 'AUTH_OLD_REVISION', 'USER_EMPTY', 'UNAUTHENTICATED'] as const) {
  test(`tries again on a new stream after ${code} (L-13)`, async () => {
    const bench = new Bench();
    const { signal } = bench.service.keepAlive(1n, {});
    await bench.latest.fail(code);
    await bench.clock.advance(0);
    assert.is(bench.streams.length, 2);
    assert.equal(bench.latest.asked, [1n]);
    bench.latest.answer(1n, 6);
    await bench.clock.advance(5_000);
    assert.not(signal.aborted);
  });
}

test('tries again on a new stream where the server ended the old one well', async () => {
  const bench = new Bench();
  bench.service.keepAlive(1n, {});
  bench.latest.finish();
  await bench.clock.advance(0);
  assert.equal(
    bench.streams.map(({ asked }) => asked),
    [[1n], [1n]],
  );
});

test('opens a stream that failed while nothing was owed only when the next renewal is due', async () => {
  const bench = new Bench();
  bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 30);
  await bench.latest.fail('UNAVAILABLE');
  await bench.clock.advance(9_999);
  assert.is(bench.streams.length, 1);
  await bench.clock.advance(1);
  assert.is(bench.streams.length, 2);
});

test('does not count an answer of a new stream from a request on the old one', async () => {
  const bench = new Bench();
  const { signal } = bench.service.keepAlive(1n, {});
  await bench.clock.advance(500);
  await bench.latest.fail('UNAVAILABLE');
  await bench.clock.advance(0);
  bench.latest.answer(1n, 6);
  await bench.clock.advance(5_999);
  assert.not(signal.aborted, 'counted from 500, the send on the new stream');
  await bench.clock.advance(1);
  assert.ok(signal.aborted);
});

test('L-07 leaves a stream that owes an answer and is silent for 1 s, in time for another member (H27)', async () => {
  const bench = new Bench();
  const { signal } = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 5);
  await bench.clock.advance(1_667);
  const [frozen] = bench.streams;
  assert.is(frozen?.sent.length, 2);
  await bench.clock.advance(999);
  assert.is(frozen?.state, 'open');
  await bench.clock.advance(1);
  assert.is(frozen?.state, 'cancelled');
  assert.is(bench.streams.length, 2);
  bench.latest.answer(1n, 5);
  await bench.clock.advance(4_000);
  assert.not(signal.aborted);
});

test('waits longer for a silent stream each time, up to 5 s, so that a slow server can answer', async () => {
  const bench = new Bench();
  bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 60);
  await bench.clock.advance(20_000);
  const opened: number[] = [];
  const start = bench.clock.time;
  bench.random = 0;
  bench.onStream = () => opened.push(bench.clock.time - start);
  await bench.clock.advance(15_000);
  assert.equal(opened, [5_000, 10_000, 15_000]);

  const brief = new Bench();
  brief.service.keepAlive(1n, {});
  brief.random = 0;
  const times: number[] = [];
  brief.onStream = () => times.push(brief.clock.time - 1_000);
  await brief.clock.advance(8_000);
  assert.equal(times, [0, 1_000, 3_000, 7_000]);
  brief.latest.answer(1n, 6);
  await brief.clock.advance(3_000);
  assert.equal(times.slice(4), [10_000], 'an answer makes it as short as it was');
});

test('does not take a stream for silent that is busy answering for others', async () => {
  const bench = new Bench();
  for (let id = 1n; id <= 30n; id++) bench.service.keepAlive(id, {});
  for (let id = 1n; id <= 30n; id++) {
    await bench.clock.advance(200);
    bench.latest.answer(id, 30);
  }
  assert.is(bench.streams.length, 1);
  assert.is(bench.latest.sent.length, 30);
});

test('does not take a stream for silent whose answers lie unread behind a blocked event loop', async () => {
  const bench = new Bench();
  const { signal } = bench.service.keepAlive(1n, {});
  bench.latest.answer(1n, 6);
  await bench.clock.advance(2_000);
  bench.clock.block(3_000);
  await bench.clock.advance(0);
  assert.is(bench.streams.length, 1);
  bench.latest.answer(1n, 6);
  assert.not(signal.aborted);
});

test('tries again for a lease whose answer was passed over while later ones came', async () => {
  const bench = new Bench();
  bench.service.keepAlive(1n, {});
  bench.service.keepAlive(2n, {});
  bench.latest.answer(2n, 30);
  await bench.clock.advance(499);
  assert.equal(bench.latest.asked, [1n, 2n]);
  await bench.clock.advance(600);
  assert.equal(bench.latest.asked, [1n, 2n, 1n]);
  assert.is(bench.streams.length, 1);
});

test('keeps the others alive where etcd refuses one for want of permission (L-22)', async () => {
  const bench = new Bench();
  const allowed = bench.service.keepAlive(1n, {});
  const refused = bench.service.keepAlive(2n, {});
  const last = bench.service.keepAlive(3n, {});
  bench.onStream = (stream) => {
    const { send } = stream;
    stream.send = (message) => {
      send.call(stream, message);
      queueMicrotask(() => (message.id === 2n ? stream.fail('PERMISSION_DENIED') : stream.answer(message.id, 6)));
    };
    for (const { id } of stream.sent) void (id === 2n ? stream.fail('PERMISSION_DENIED') : stream.answer(id, 6));
  };
  await bench.clock.advance(9_000);
  assert.not(allowed.signal.aborted);
  assert.not(last.signal.aborted);
  assert.not(refused.signal.aborted);
  assert.ok(bench.streams.length < 30, `${bench.streams.length} streams`);
  await bench.clock.advance(1_000);
  assert.ok(isEtcdError(refused.signal.reason, 'LEASE_LOST'));
  assert.ok(isEtcdError(refused.signal.reason.cause, 'PERMISSION_DENIED'));
  const count = bench.streams.length;
  await bench.clock.advance(60_000);
  assert.is(bench.streams.length, count);
  assert.not(last.signal.aborted);
});

test.run();
