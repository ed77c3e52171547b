import { assert, FakeClock, suite } from '@etcdts/testing';
import { Deadlines } from './deadlines.ts';

const test = suite('deadlines');

/** Adds an entry that notes when it fires. */
function entry(deadlines: Deadlines, clock: FakeClock, at: number, fired: number[]): ReturnType<Deadlines['add']> {
  return deadlines.add(at, { expire: () => void fired.push(clock.now()) });
}

test('an entry fires once, never early, and late by less than a step', async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  for (const ms of [1, 5, 10, 11, 99.5, 100, 12_345.678]) {
    const fired: number[] = [];
    const at = clock.now() + ms;
    entry(deadlines, clock, at, fired);
    await clock.advance(ms + 30);
    assert.is(fired.length, 1);
    assert.ok((fired[0] as number) >= at && (fired[0] as number) < at + 10, `${ms}: ${fired[0]} for ${at}`);
  }
  assert.is(clock.timers.size, 0);
});

test('one timer serves all entries, and none is left when all are gone', () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const entries = Array.from({ length: 1_000 }, (_, i) => entry(deadlines, clock, clock.now() + 10_000 - i, []));
  assert.is(clock.timers.size, 1);
  for (const one of entries) deadlines.remove(one);
  assert.is(clock.timers.size, 0);
});

test('the timer holds the process', () => {
  const clock = new FakeClock();
  entry(new Deadlines(clock), clock, clock.now() + 10, []);
  assert.equal(
    [...clock.timers].map(({ hold }) => hold),
    [true],
  );
});

test('entries fire in the order of their steps, and removed ones do not', async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fired: string[] = [];
  const add = (name: string, ms: number): ReturnType<Deadlines['add']> =>
    deadlines.add(clock.now() + ms, { expire: () => void fired.push(name) });
  add('third', 300);
  add('first', 100);
  const removed = add('removed', 150);
  add('second', 200);
  deadlines.remove(removed);
  deadlines.remove(removed);
  await clock.advance(400);
  assert.equal(fired, ['first', 'second', 'third']);
});

test('an earlier entry than all others is served in time', async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fired: number[] = [];
  entry(deadlines, clock, clock.now() + 5_000, fired);
  entry(deadlines, clock, clock.now() + 50, fired);
  await clock.advance(60);
  assert.is(fired.length, 1);
  assert.is(clock.timers.size, 1);
  await clock.advance(5_000);
  assert.is(fired.length, 2);
});

test('the last of a step takes it along, and the rest go on', async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fired: number[] = [];
  deadlines.remove(entry(deadlines, clock, clock.now() + 50, fired));
  entry(deadlines, clock, clock.now() + 50, fired);
  const gone = entry(deadlines, clock, clock.now() + 20, fired);
  deadlines.remove(gone);
  await clock.advance(100);
  assert.is(fired.length, 1);
});

test('Infinity never fires and costs nothing; what is past fires at once', async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  assert.is(entry(deadlines, clock, Infinity, []), undefined);
  deadlines.remove(undefined);
  assert.is(clock.timers.size, 0);
  const fired: number[] = [];
  entry(deadlines, clock, clock.now() - 100, fired);
  await clock.advance(10);
  assert.is(fired.length, 1);
});

test('an entry may add and remove others while it fires', async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fired: string[] = [];
  const second = { entry: undefined as ReturnType<Deadlines['add']> };
  deadlines.add(clock.now() + 50, {
    expire: () => {
      fired.push('first');
      deadlines.remove(second.entry);
      deadlines.add(clock.now() + 50, { expire: () => void fired.push('third') });
    },
  });
  second.entry = deadlines.add(clock.now() + 80, { expire: () => void fired.push('second') });
  await clock.advance(300);
  assert.equal(fired, ['first', 'third']);
  assert.is(clock.timers.size, 0);
});

test('after a stalled event loop, what has arrived is read before anything expires', async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const order: string[] = [];
  const late = deadlines.add(clock.now() + 50, { expire: () => void order.push('expired') });
  // The answer is on the socket when the timer fires: it is read between the two.
  clock.afterReading = (callback) => {
    order.push('read');
    deadlines.remove(late);
    callback();
  };
  await clock.advance(5_000);
  assert.equal(order, ['read']);
});

test.run();
