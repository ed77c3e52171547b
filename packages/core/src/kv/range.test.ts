import { assert, rejects, suite } from '@etcdts/testing';
import fc from 'fast-check';
import { OPEN_END, prefixEnd, toBytes, toCount, toInt64, toUint64 } from '../bytes.ts';
import { toRange } from './range.ts';

const test = suite('kv: keys and ranges');
const bytes = (...values: number[]): Buffer => Buffer.from(values);

test('OP-09 the end of a prefix is its last byte below 0xff raised, the rest cut', () => {
  assert.equal(prefixEnd(Buffer.from('foo')), Buffer.from('fop'));
  assert.equal(prefixEnd(bytes(0x61, 0xff)), bytes(0x62));
  assert.equal(prefixEnd(bytes(0xff, 0xff)), OPEN_END);
  assert.equal(prefixEnd(bytes()), OPEN_END);
});

test('OP-09 a key is between a prefix and its end exactly if it begins with the prefix', () => {
  const short = fc
    .uint8Array({ minLength: 1, maxLength: 4 })
    .map((array) => array.map((byte) => [0, 1, 0xfe, 0xff][byte % 4] as number));
  fc.assert(
    fc.property(short, short, (prefix, key) => {
      const end = prefixEnd(prefix);
      const within = Buffer.compare(key, prefix) >= 0 && (end === OPEN_END || Buffer.compare(key, end) < 0);
      assert.is(within, Buffer.from(key).subarray(0, prefix.length).equals(Buffer.from(prefix)));
    }),
    { numRuns: 2_000 },
  );
});

test('OPT-05 OPT-07 an empty key with prefix or fromKey is every key', () => {
  for (const form of [{ prefix: true }, { fromKey: true }]) {
    assert.equal(toRange('', form), { key: bytes(0), rangeEnd: bytes(0) });
  }
  assert.equal(toRange('a', { fromKey: true }), { key: Buffer.from('a'), rangeEnd: bytes(0) });
  assert.equal(toRange('a', { prefix: false, fromKey: false }), { key: Buffer.from('a') });
});

test('OP-10 two forms of range, an empty key and a reversed range are refused, and named', async () => {
  await rejects(async () => toRange('a', { prefix: true, fromKey: true }), {
    code: 'INVALID_ARGUMENT',
    argument: 'fromKey',
  });
  await rejects(async () => toRange('a', { fromKey: true, rangeEnd: 'b' }), {
    code: 'INVALID_ARGUMENT',
    argument: 'rangeEnd',
  });
  await rejects(async () => toRange('', {}), { code: 'EMPTY_KEY', argument: 'key' });
  await rejects(async () => toRange('a', { rangeEnd: '' }), { code: 'EMPTY_KEY', argument: 'rangeEnd' });
  await rejects(async () => toRange('b', { rangeEnd: 'a' }), { code: 'INVALID_ARGUMENT', argument: 'rangeEnd' });
  await rejects(async () => toRange('b', { rangeEnd: 'b' }), { code: 'INVALID_ARGUMENT', argument: 'rangeEnd' });
  assert.equal(toRange('b', { rangeEnd: '\0' }), { key: Buffer.from('b'), rangeEnd: bytes(0) });
});

test('bytes are copied, by their real length, and later changes do not reach the copy', () => {
  class Lying extends Uint8Array {
    override get byteLength(): number {
      return 1_000_000;
    }
    override get length(): number {
      return 0;
    }
  }
  assert.equal(toBytes(new Lying([1, 2]), 'key'), bytes(1, 2));
  const mine = bytes(1, 2);
  const copy = toBytes(mine, 'key');
  mine[0] = 9;
  assert.equal(copy, bytes(1, 2));
  assert.equal(toBytes(new Uint8Array(new SharedArrayBuffer(2)), 'key'), bytes(0, 0));
  assert.equal(toBytes('é\0', 'key'), bytes(0xc3, 0xa9, 0));
});

test('a lone surrogate, which would alias to another key, is refused, and so is what is no key', async () => {
  for (const value of [
    'sentinel-\ud800',
    'sentinel-\udfff',
    7,
    null,
    undefined,
    {},
    [1],
    new ArrayBuffer(1),
    new Uint16Array(1),
  ]) {
    await rejects(async () => toBytes(value as never, 'value'), { code: 'INVALID_ARGUMENT', argument: 'value' });
  }
});

test('integers are safe, in range, and no smaller than they may be', async () => {
  assert.is(toInt64(2n ** 63n - 1n, 'revision'), 2n ** 63n - 1n);
  assert.is(toInt64(5, 'revision'), 5n);
  assert.is(toUint64(2n ** 64n - 1n, 'id'), 2n ** 64n - 1n);
  for (const value of [2 ** 53, 1.5, NaN, Infinity, '1', null, 2n ** 63n, -1, -1n]) {
    await rejects(async () => toInt64(value as never, 'revision', 0n), {
      code: 'INVALID_ARGUMENT',
      argument: 'revision',
    });
  }
  for (const value of [2n ** 64n, -1n, -1]) {
    await rejects(async () => toUint64(value, 'id'), { code: 'INVALID_ARGUMENT', argument: 'id' });
  }
  for (const value of [-1, 0.5, NaN, '3', 2n ** 60n]) {
    await rejects(async () => toCount(value as never, 'limit'), { code: 'INVALID_ARGUMENT', argument: 'limit' });
  }
});

test.run();
