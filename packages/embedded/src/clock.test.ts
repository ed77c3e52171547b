import { assert, suite } from '@etcdts/testing';
import { DrivenClock, type Clock } from './clock.ts';
import { Gate } from './gate.ts';

const test = suite('clock and gate');

/** A clock that stands still unless it is told otherwise. */
function still(): { base: Clock; pass(ms: number): void; pending(): number } {
  let now = 0;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    base: {
      now: () => now,
      after(ms, callback) {
        const timer = { at: now + ms, callback };
        timers.add(timer);
        return { cancel: () => void timers.delete(timer) };
      },
    },
    pass(ms) {
      now += ms;
      for (const timer of timers) if (timer.at <= now && timers.delete(timer)) timer.callback();
    },
    pending: () => timers.size,
  };
}

test('advance calls what comes due at its own time, in order, and what that begins too', () => {
  const clock = new DrivenClock(still().base, new Gate());
  const seen: [string, number][] = [];
  const note = (name: string): void => void seen.push([name, clock.now()]);
  clock.after(20, () => note('late'));
  clock.after(10, () => {
    note('early');
    clock.after(5, () => note('next'));
  });
  clock.after(10, () => note('never')).cancel();
  clock.advance(30);
  assert.equal(seen, [
    ['early', 10],
    ['next', 15],
    ['late', 20],
  ]);
  assert.is(clock.now(), 30);
});

test('time passes by itself too, and on top of what was advanced', () => {
  const { base, pass, pending } = still();
  const clock = new DrivenClock(base, new Gate());
  let called = 0;
  clock.after(100, () => called++);
  clock.advance(60);
  pass(39);
  assert.is(called, 0);
  pass(1);
  assert.equal([called, pending()], [1, 0]);
});

test('close forgets what was to come', () => {
  const { base, pass, pending } = still();
  const clock = new DrivenClock(base, new Gate());
  clock.after(10, () => assert.unreachable());
  clock.close();
  pass(10);
  assert.is(pending(), 0);
});

test('a shut gate holds what comes, and lets it through in order when it opens', () => {
  const gate = new Gate();
  const seen: number[] = [];
  gate.pass(() => seen.push(1));
  gate.shut();
  gate.pass(() => {
    seen.push(2);
    gate.pass(() => seen.push(4));
  });
  gate.pass(() => seen.push(3));
  assert.equal(seen, [1]);
  gate.open();
  assert.equal(seen, [1, 2, 3, 4]);
  gate.pass(() => seen.push(5));
  assert.is(seen.length, 5);
});

test('what comes due behind a shut gate waits for it', () => {
  const gate = new Gate();
  const clock = new DrivenClock(still().base, gate);
  let called = 0;
  clock.after(10, () => called++);
  gate.shut();
  clock.advance(10);
  assert.is(called, 0);
  gate.open();
  assert.is(called, 1);
});

test.run();
