import { assert, suite } from '@etcdts/testing';
import { copyBytes, OPEN_END, prefixEnd, toBytes, toCount, toInt64, toKey, toUint64 } from './bytes.ts';
import { isEtcdError } from './errors.ts';

const test = suite('bytes');

/** The conversion is refused, naming the argument, with this reason. */
function refused(convert: () => unknown, reason: RegExp): void {
  assert.throws(
    convert,
    (error: unknown) => isEtcdError(error) && error.argument === 'arg' && reason.test(error.message),
  );
}

test('text is UTF-8', () => {
  assert.equal(toBytes('aé€😀', 'arg'), Buffer.from([0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80]));
  assert.is(toBytes('', 'arg').length, 0);
  assert.equal(toBytes('__proto__', 'arg'), Buffer.from('__proto__'));
});

test('a lone surrogate is refused: it would become another key', () => {
  for (const text of ['sentinel-\ud800', 'sentinel-\udfffb', 'sentinel-\udc00\ud800'])
    refused(() => toBytes(text, 'arg'), /lone surrogate/);
});

test('bytes are copied before the call returns', () => {
  const mine = Buffer.from('abc');
  const copy = toBytes(mine, 'arg');
  mine[0] = 0x78;
  assert.is(copy.toString(), 'abc');
  const view = new Uint8Array(new ArrayBuffer(8), 2, 3);
  assert.is(toBytes(view, 'arg').length, 3);
});

test('a subclass cannot lie about its length', () => {
  class Liar extends Uint8Array {
    override get length(): number {
      return 1_000;
    }
  }
  assert.is(copyBytes(new Liar(3)).length, 3);
  assert.is(toBytes(new Liar(3), 'arg').length, 3);
});

test('shared memory is copied as well', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  const copy = toBytes(shared, 'arg');
  shared[0] = 1;
  assert.is(copy[0], 0);
});

test('what is no text and no bytes is refused by its type, never by its content', () => {
  for (const [value, type] of [
    [5, 'a number: String makes text of it'],
    [true, 'a boolean: String makes text of it'],
    [null, 'null'],
    [undefined, 'undefined'],
    [['sentinel'], 'an array: calls are about one key or one range; several go into a txn'],
    [{ s: 'sentinel' }, 'an object'],
    [new ArrayBuffer(1), 'an ArrayBuffer: pass new Uint8Array(buffer)'],
    [Promise.resolve('sentinel'), 'a Promise: await it first'],
    [5n, 'a bigint: String makes text of it'],
  ] as const) {
    assert.throws(
      () => toBytes(value as never, 'arg'),
      (error: Error) => error.message === `INVALID_ARGUMENT: arg must be a string or a Uint8Array, not ${type}`,
    );
  }
});

test('for a value that is an object, the error shows how to make text of it', () => {
  assert.throws(() => toBytes({} as never, 'value'), /not an object: JSON\.stringify makes text of it$/);
});

test('an empty key is refused as EMPTY_KEY', () => {
  for (const key of ['', Buffer.alloc(0)]) {
    assert.throws(
      () => toKey(key, 'arg'),
      (error: unknown) => isEtcdError(error, 'EMPTY_KEY') && error.outcome === 'not-applied',
    );
  }
  assert.is(toKey('k', 'arg').toString(), 'k');
});

test('a revision or id is an int64', () => {
  assert.is(toInt64(5, 'arg'), 5n);
  assert.is(toInt64(2n ** 63n - 1n, 'arg'), 2n ** 63n - 1n);
  assert.is(toInt64(-(2n ** 63n), 'arg'), -(2n ** 63n));
  assert.is(toInt64(Number.MAX_SAFE_INTEGER, 'arg'), BigInt(Number.MAX_SAFE_INTEGER));
  refused(() => toInt64(2n ** 63n, 'arg'), /signed 64-bit/);
  refused(() => toInt64(-(2n ** 63n) - 1n, 'arg'), /at least/);
  for (const value of [2 ** 53, 1.5, NaN, Infinity]) refused(() => toInt64(value, 'arg'), /safe integer/);
  for (const value of ['5', null, undefined, {}])
    refused(() => toInt64(value as never, 'arg'), /bigint or a safe integer/);
  refused(() => toInt64(-1, 'arg', 0n), /at least 0, not -1/);
});

test('a member id is a uint64', () => {
  assert.is(toUint64(2n ** 64n - 1n, 'arg'), 2n ** 64n - 1n);
  assert.is(toUint64(5, 'arg'), 5n);
  refused(() => toUint64(2n ** 64n, 'arg'), /64-bit/);
  refused(() => toUint64(-1n, 'arg'), /at least 0/);
});

test('a count is a safe integer of some least size', () => {
  assert.is(toCount(5, 'arg'), 5);
  assert.is(toCount(5n, 'arg'), 5);
  refused(() => toCount(-1, 'arg'), /at least 0/);
  refused(() => toCount(0, 'arg', 1), /at least 1/);
  for (const value of [1.5, NaN, 2n ** 60n, '5', null]) refused(() => toCount(value as never, 'arg'), /safe integer/);
});

test('the end of a prefix is the next key that lacks it', () => {
  const end = (...bytes: number[]): number[] => [...prefixEnd(Buffer.from(bytes))];
  assert.equal(end(0x61), [0x62]);
  assert.equal(end(0x61, 0xff), [0x62]);
  assert.equal(end(0x61, 0xff, 0x00), [0x61, 0xff, 0x01]);
  assert.equal(end(0xff, 0xfe, 0xff), [0xff, 0xff]);
  assert.equal(end(0xff, 0xff), [...OPEN_END]);
  assert.equal(end(), [...OPEN_END]);
  const prefix = Buffer.from('abc');
  prefixEnd(prefix);
  assert.is(prefix.toString(), 'abc');
});

test.run();
