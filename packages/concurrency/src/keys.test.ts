import { assert, suite } from '@etcdts/testing';
import { contendersOf, keyOf } from './keys.ts';

const test = suite('keys of contenders');

test('CO-05 MX-01 a key is the name, a slash, and the lease in hexadecimal without padding', () => {
  assert.is(keyOf(contendersOf('jobs/nightly'), 0xabcn).toString(), 'jobs/nightly/abc');
  assert.is(keyOf(contendersOf('jobs/'), 0x694d71ddacfda227n).toString(), 'jobs//694d71ddacfda227');
  assert.equal(contendersOf(Uint8Array.of(0xff)), Buffer.from([0xff, 0x2f]));
});

test('MX-01 an empty name is refused', () => {
  assert.throws(() => contendersOf(''), /^EMPTY_KEY: name must not be empty/);
});

test.run();
