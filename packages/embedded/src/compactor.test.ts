import { assert, suite } from '@etcdts/testing';
import { DrivenClock } from './clock.ts';
import { startCompactor, type Retention } from './compactor.ts';
import { parseDuration } from './duration.ts';
import { Gate } from './gate.ts';
import { Member } from './member.ts';
import { retentionOf } from './retention.ts';

const test = suite('compactor');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A member that compacts itself, on a clock that only `advance` moves. */
function start(retention: Retention): { member: Member; clock: DrivenClock } {
  const gate = new Gate();
  const clock = new DrivenClock({ now: () => 0, after: () => ({ cancel: () => {} }) }, gate);
  const limits = { maxTxnOps: 128, maxRequestBytes: 1e6, minLeaseTtl: 2, authTokenTtl: 300, quotaBackendBytes: 0 };
  const member = new Member({ name: 'm', progressNotifyIntervalMs: 1e6, ...limits }, clock, gate);
  startCompactor(member, clock, retention);
  return { member, clock };
}

/** Puts once in each of some steps, and returns the compacted revision after each. */
function run({ member, clock }: ReturnType<typeof start>, steps: number, stepMs: number): number[] {
  return Array.from({ length: steps }, () => {
    member.store.write(() => member.store.put('k', Buffer.alloc(0), 0n));
    clock.advance(stepMs);
    return member.store.compactRevision;
  });
}

test('a time of up to an hour: the first compaction after it, then one each time it has passed', () => {
  for (const ms of [HOUR_MS, 59 * MINUTE_MS, 10 * MINUTE_MS, 5_000, 1_000 / 3]) {
    const started = start({ ms });
    const seen = run(started, 35, ms / 10);
    // etcd records a revision before each step, so that the oldest of eleven is that of ten steps ago, and the put of the last is new.
    assert.equal(seen.slice(0, 9), Array(9).fill(-1), `${ms} ms`);
    assert.equal(seen.slice(9, 19), Array(10).fill(1), `${ms} ms`);
    assert.equal(seen.slice(19, 29), Array(10).fill(10), `${ms} ms`);
    assert.equal(seen.slice(29), Array(6).fill(20), `${ms} ms`);
  }
});

test('a longer time: the first compaction after it, then one every hour, of what is older', () => {
  const started = start({ ms: 24 * HOUR_MS });
  const seen = run(started, 24 + 5, HOUR_MS);
  assert.equal(seen.slice(0, 23), Array(23).fill(-1));
  assert.equal(seen.slice(23), [1, 2, 3, 4, 5, 6]);
});

test('a time that is no multiple of the step is kept in full', () => {
  const { member, clock } = start({ ms: 95 * MINUTE_MS });
  clock.advance(95 * MINUTE_MS);
  assert.is(member.store.compactRevision, -1);
  clock.advance(MINUTE_MS);
  assert.is(member.store.compactRevision, 1);
});

test('what does not change is not compacted again, and a revision that is compacted already counts', () => {
  const started = start({ ms: HOUR_MS });
  const { member, clock } = started;
  member.store.write(() => member.store.put('k', Buffer.alloc(0), 0n));
  member.store.compact(2n);
  clock.advance(10 * HOUR_MS);
  assert.is(member.store.compactRevision, 2);
  run(started, 1, 10 * MINUTE_MS);
  clock.advance(2 * HOUR_MS);
  assert.is(member.store.compactRevision, 3);
});

test('a corrupt etcd compacts when it is healed, at the next step', () => {
  const started = start({ ms: HOUR_MS });
  started.member.raise('CORRUPT');
  assert.equal(run(started, 15, 6 * MINUTE_MS), Array(15).fill(-1));
  started.member.alarms.disarm(started.member.id, 'CORRUPT');
  assert.equal(run(started, 1, 6 * MINUTE_MS), [6]);
});

test('a number of revisions is kept, and looked for every five minutes', () => {
  const started = start({ revisions: 10 });
  assert.equal(run(started, 9, 1), Array(9).fill(-1));
  started.clock.advance(5 * MINUTE_MS);
  assert.is(started.member.store.compactRevision, -1, 'there are ten');
  run(started, 20, 1);
  assert.is(started.member.store.compactRevision, -1);
  started.clock.advance(5 * MINUTE_MS);
  assert.is(started.member.store.compactRevision, 20);
  started.clock.advance(60 * MINUTE_MS);
  assert.is(started.member.store.compactRevision, 20);
});

test('durations are read as by Go', () => {
  const read = ['1h30m', '0.5s', '100ms', '1us', '2µs', '-5m', '0', '+1.m', '.5h'].map(parseDuration);
  assert.equal(read, [5_400_000, 500, 100, 0.001, 0.002, -300_000, 0, 60_000, 1_800_000]);
  for (const wrong of ['', '5', '5d', 'h', '1h 2m', '1,5s', '.s', '--1s', ' 1s'])
    assert.is(parseDuration(wrong), undefined, wrong);
});

test('the retention is a time, hours or revisions; what is none is refused by name', () => {
  for (const none of [0, '0', '0s', '+0']) assert.is(retentionOf('periodic', none), undefined);
  assert.is(retentionOf('revision', '0'), undefined);
  assert.equal(retentionOf('periodic', '5m'), { ms: 300_000 });
  assert.equal(retentionOf('periodic', 2), { ms: 2 * HOUR_MS });
  assert.equal(retentionOf('periodic', '24'), { ms: 24 * HOUR_MS });
  assert.equal(retentionOf('revision', '1000'), { revisions: 1_000 });
  assert.equal(retentionOf('revision', 5), { revisions: 5 });
  for (const wrong of ['5d', '-5m', -1, NaN, 0.5, '1ns', Infinity])
    assert.throws(() => retentionOf('periodic', wrong), /autoCompactionRetention is .*; it must be a time/);
  for (const wrong of ['5m', -1, 1.5, '1e3', 2 ** 60])
    assert.throws(() => retentionOf('revision', wrong), /autoCompactionRetention is .*; it must be a whole number/);
});

test.run();
