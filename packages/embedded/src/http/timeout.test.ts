import { assert, suite } from '@etcdts/testing';
import { readTimeout } from './timeout.ts';

const test = suite('grpc-timeout');

test('is a number of up to eight digits, and a unit', () => {
  const times = ['1H', '1M', '20S', '99999999m', '5u', '7n'].map(readTimeout);
  assert.equal(times, [3_600_000, 60_000, 20_000, 99_999_999, 5e-3, 7e-6]);
});

test('is refused by what is wrong', () => {
  for (const [text, why] of [
    ['', /too short/],
    ['S', /too short/],
    ['123456789S', /too long/],
    ['12s', /unit is not recognized: "12s"/],
    ['-1S', /parsing "-1": invalid syntax/],
    ['1.5S', /invalid syntax/],
  ] as const) {
    assert.match(String(readTimeout(text)), why);
  }
});

test.run();
