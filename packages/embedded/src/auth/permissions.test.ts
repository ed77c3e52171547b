import { assert, suite } from '@etcdts/testing';
import { isValidRange, permits, type Access } from './permissions.ts';

const test = suite('permissions');
const [READ, WRITE, BOTH] = [0, 1, 2];
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const grant = (permType: number, key: string, rangeEnd = ''): { permType: number; key: Buffer; rangeEnd: Buffer } => ({
  permType,
  key: bytes(key),
  rangeEnd: bytes(rangeEnd),
});

const granted = [grant(BOTH, 'a', 'c'), grant(READ, 'c', 'e'), grant(WRITE, 'e'), grant(READ, 'x', '\0')];
const may = (access: Access, key: string, end = ''): boolean => permits(granted, access, bytes(key), bytes(end));

test('a key is allowed by a permission of its own or of a range around it', () => {
  assert.equal([may('read', 'a'), may('read', 'bz'), may('read', 'c'), may('read', 'e')], [true, true, true, false]);
  assert.equal(
    [may('write', 'bz'), may('write', 'c'), may('write', 'e'), may('write', 'e\0')],
    [true, false, true, false],
  );
});

test('a range is allowed where permissions cover it together, without a gap', () => {
  assert.equal([may('read', 'a', 'e'), may('read', 'b', 'd'), may('read', 'a', 'f')], [true, true, false]);
  assert.equal([may('write', 'a', 'c'), may('write', 'a', 'd')], [true, false]);
});

test('everything from a key on needs a permission without end', () => {
  assert.equal([may('read', 'y', '\0'), may('read', 'w', '\0'), may('write', 'y', '\0')], [true, false, false]);
});

test('a range that ends before it begins is allowed where a permission holds its begin, as in etcd', () => {
  assert.equal(
    [may('read', 'b', 'a'), may('read', 'b', 'b'), may('read', 'f', 'a'), may('read', 'e', 'a')],
    [true, true, false, false],
  );
});

test('a permission needs a key, and an end behind it or none', () => {
  const valid = (key: string, end: string): boolean => isValidRange(bytes(key), bytes(end));
  assert.equal(
    [valid('', ''), valid('a', ''), valid('a', 'b'), valid('b', 'a'), valid('b', '\0')],
    [false, true, true, false, true],
  );
});

test.run();
