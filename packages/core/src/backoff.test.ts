import { assert, suite } from '@etcdts/testing';
import { backoffMs } from './backoff.ts';

const test = suite('backoff');
const pauses = (jitter: number | undefined, random: number): number[] =>
  [0, 1, 2, 3, 4, 5, 2_000].map((failures) =>
    backoffMs(failures, { firstMs: 25, longestMs: 150, jitter }, () => random),
  );

test('a pause doubles with each failure, up to the longest, and no failure needs none', () => {
  assert.equal(pauses(0, 0), [0, 25, 50, 100, 150, 150, 150]);
});

test('the random share of a pause is as large as its jitter', () => {
  assert.equal(pauses(undefined, 0), [0, 0, 0, 0, 0, 0, 0]);
  assert.equal(pauses(undefined, 0.5), [0, 12.5, 25, 50, 75, 75, 75]);
  assert.equal(pauses(0.5, 0), [0, 12.5, 25, 50, 75, 75, 75]);
  assert.equal(pauses(0.5, 1), pauses(0, 1));
});

test.run();
