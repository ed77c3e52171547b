import { assert, suite } from '@etcdts/testing';
import type { RequestOp, TxnRequest } from '../messages.ts';
import { checkOverlaps } from './overlaps.ts';

const test = suite('overlaps');
const none = Buffer.alloc(0);
const put = (key: string): RequestOp => ({
  requestPut: { key: Buffer.from(key), value: none, lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false },
});
const remove = (key: string, end = ''): RequestOp => ({
  requestDeleteRange: { key: Buffer.from(key), rangeEnd: Buffer.from(end), prevKv: false },
});
const nested = (success: RequestOp[], failure: RequestOp[] = []): RequestOp => ({
  requestTxn: { compare: [], success, failure } satisfies TxnRequest,
});

function refused(...operations: RequestOp[]): boolean {
  try {
    checkOverlaps(operations);
    return false;
  } catch (error) {
    assert.match(String(error), /duplicate key/);
    return true;
  }
}

test('a key is put once, and not where a range is deleted', () => {
  assert.ok(refused(put('a'), put('a')));
  assert.ok(refused(put('b'), remove('a', 'c')));
  assert.ok(refused(remove('a'), put('a')));
  assert.not(refused(put('a'), put('b'), remove('c', 'd'), remove('c')));
  assert.not(refused(put('c'), remove('a', 'c')));
});

test('nested writes count, but the branches of one transaction exclude each other', () => {
  assert.ok(refused(put('a'), nested([put('a')])));
  assert.ok(refused(put('a'), nested([], [remove('a', 'b')])));
  assert.ok(refused(nested([put('a')]), nested([put('a')])));
  assert.not(refused(nested([put('a')], [put('a')])));
});

test('what etcd misses is let through: deletes without end, and puts before a later nested delete', () => {
  assert.not(refused(put('b'), remove('a', '\0')));
  assert.not(refused(nested([put('a')]), nested([remove('a')])));
  assert.ok(refused(nested([remove('a')]), nested([put('a')])));
});

test.run();
