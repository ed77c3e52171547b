import { assert, suite } from '@etcdts/testing';
import { Floods } from './floods.ts';

const test = suite('floods');

function floods(): { readonly floods: Floods; readonly clock: { time: number } } {
  const clock = { time: 0, now: () => clock.time };
  return { floods: new Floods(clock), clock };
}

function times(count: number, act: () => void): void {
  for (let i = 0; i < count; i++) act();
}

const CALM = /1000 frames in a row that serve no call/;

test('are a thousand useless frames in a row within ten seconds', () => {
  const { floods: one } = floods();
  times(999, () => one.useless());
  assert.throws(() => one.useless(), CALM);
});

test('are not the same frames over a longer time, or with something useful between them', () => {
  const { floods: slow, clock } = floods();
  times(999, () => slow.useless());
  clock.time = 10_001;
  times(999, () => slow.useless());
  const { floods: useful } = floods();
  for (let i = 0; i < 3; i++) {
    times(999, () => useful.useless());
    useful.progress();
  }
});

test('are not the WINDOW_UPDATEs that requests explain, two for each', () => {
  const { floods: one } = floods();
  times(5_000, () => one.sentData());
  times(10_000 + 999, () => one.windowUpdate());
  assert.throws(() => one.windowUpdate(), CALM);
});

test('are millions of WINDOW_UPDATEs, however many requests there were before', () => {
  const { floods: one } = floods();
  times(2_000_000, () => one.sentData());
  assert.throws(() => times(1_000_000, () => one.windowUpdate()), CALM);
});

test.run();
