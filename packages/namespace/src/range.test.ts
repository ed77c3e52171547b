import fc from 'fast-check';
import { isEtcdError } from '@etcdts/core';
import type { KeyValue } from '@etcdts/core';
import { assert, suite } from '@etcdts/testing';
import { Scope } from './range.ts';
import type { KeyRange } from './range.ts';

const test = suite('namespace: range');
const bytes = (...values: number[]): Buffer => Buffer.from(values);
const OPEN = bytes(0);

/** etcd's own reading of a key and a range end (server mvcc `kvRangeKeys`, index `Range`). */
function selects({ key, rangeEnd }: KeyRange, candidate: Buffer): boolean {
  if (rangeEnd === undefined || rangeEnd.length === 0) return candidate.equals(key);
  return candidate.compare(key) >= 0 && (OPEN.equals(rangeEnd) || candidate.compare(rangeEnd) < 0);
}

// Few byte values, so that prefixes, neighbours and keys meet often; 0x00, 0x01, 0xfe and 0xff are where ends go wrong.
const byte = fc.constantFrom(0x00, 0x01, 0x2f, 0x61, 0xfe, 0xff);
const key = (minLength: number): fc.Arbitrary<Buffer> =>
  fc.array(byte, { minLength, maxLength: 4 }).map((values) => Buffer.from(values));

test('a range selects inside what it selects in a store that holds only the inside (NS-02, OP-09)', () => {
  const selected = fc.record({ key: key(1), rangeEnd: fc.option(key(0), { nil: undefined }) });
  const property = fc.property(key(1), fc.array(key(1), { maxLength: 40 }), selected, (prefix, others, range) => {
    const scope = new Scope(prefix);
    // Every other key is once as it is, once behind the prefix, once behind the prefix's neighbours.
    const neighbours = [bytes(prefix[0] as number), Buffer.concat([prefix.subarray(0, -1), bytes(0xff)]), scope.prefix];
    const store = [prefix, ...others, ...neighbours.flatMap((start) => others.map((o) => Buffer.concat([start, o])))];
    const inside = store.filter(
      (full) => full.length > prefix.length && full.subarray(0, prefix.length).equals(prefix),
    );
    const expected = inside.map((full) => full.subarray(prefix.length)).filter((relative) => selects(range, relative));

    const full = store.filter((candidate) => selects(scope.in(range), candidate));
    assert.ok(full.every((candidate) => scope.has(candidate)));
    assert.equal(
      full.map((candidate) => scope.cut(candidate).toString('hex')),
      hex(expected),
    );
  });
  fc.assert(property, { numRuns: 3_000 });
});

test('B-09 the open end becomes the end of the prefix, truncated after a byte below 0xff (NS-03)', () => {
  const endOf = (prefix: Buffer): unknown => new Scope(prefix).in({ key: bytes(0), rangeEnd: OPEN }).rangeEnd;
  assert.equal(endOf(Buffer.from('app/')), Buffer.from('app0'));
  assert.equal(endOf(bytes(0x61, 0xff)), bytes(0x62));
  assert.equal(endOf(bytes(0x61, 0xff, 0xff)), bytes(0x62));
  assert.equal(endOf(bytes(0xff, 0xff)), OPEN, 'nothing else lies behind all-0xff');
  assert.equal(endOf(bytes(0)), bytes(1));
});

test('a whole namespace starts after its bare prefix, which would be the empty key (NS-04)', () => {
  const scope = new Scope(Buffer.from('app/'));
  assert.equal(scope.in({ key: OPEN, rangeEnd: OPEN }).key, Buffer.from('app/\0'));
  assert.not.ok(scope.has(Buffer.from('app/')));
});

test('an empty key is refused (NS-01)', () => {
  const scope = new Scope(Buffer.from('app/'));
  for (const rangeEnd of [undefined, bytes(), OPEN, Buffer.from('b')]) {
    assert.throws(() => scope.in({ key: bytes(), rangeEnd }), emptyKey);
  }
});

test('an empty range end is none: one key, never the prefix as an end', () => {
  const request = new Scope(Buffer.from('app/')).in({ key: Buffer.from('a'), rangeEnd: bytes() });
  assert.equal(request, { key: Buffer.from('app/a') });
});

test('a request that differs at each read stays inside', () => {
  const scope = new Scope(Buffer.from('app/'));
  for (const answers of [
    [undefined, OPEN],
    [bytes(), OPEN],
    [OPEN, bytes(0xff)],
    [Buffer.from('b'), OPEN],
  ]) {
    let asked = 0;
    const shifty = {
      key: Buffer.from('a'),
      get rangeEnd() {
        return answers[Math.min(asked++, 1)];
      },
    };
    const { rangeEnd } = scope.in(shifty);
    assert.ok(rangeEnd === undefined || scope.has(rangeEnd) || rangeEnd.toString() === 'app0', String(rangeEnd));
    assert.is(asked, 1);
  }
});

test('a length that lies gets nothing out', () => {
  class Lying extends Uint8Array {
    override get length(): number {
      return 0;
    }
  }
  const request = new Scope(Buffer.from('app/')).in({ key: Buffer.from('a'), rangeEnd: new Lying([0]) });
  assert.equal(request, { key: Buffer.from('app/a') });
});

test('a reversed range stays reversed', () => {
  const range = new Scope(Buffer.from('app/')).in({ key: Buffer.from('b'), rangeEnd: Buffer.from('a') });
  assert.equal(range, { key: Buffer.from('app/b'), rangeEnd: Buffer.from('app/a') });
});

test('a request is not changed and shares no memory with what is sent', () => {
  const request = Object.freeze({ key: Buffer.from('a'), rangeEnd: Buffer.from('b'), limit: 3 });
  const scoped = new Scope(Buffer.from('app/')).in(request);
  request.key.fill('x');
  request.rangeEnd.fill('x');
  assert.equal(scoped, { key: Buffer.from('app/a'), rangeEnd: Buffer.from('app/b'), limit: 3 });
});

test('a key from outside is an error that shows neither the key nor the prefix', () => {
  const scope = new Scope(Buffer.from('secret/'));
  for (const foreign of ['', 's', 'secret', 'secret/', 'secret0', 'other/key', 'Secret/key', 'xsecret/key']) {
    const kv = { key: Buffer.from(foreign) } as KeyValue;
    try {
      scope.out(kv, { name: 'KV.Put', outcome: 'unknown' });
      assert.unreachable();
    } catch (error) {
      if (!isEtcdError(error, 'NAMESPACE_VIOLATION')) throw error;
      assert.is(error.outcome, 'unknown');
      assert.is(error.method, 'KV.Put');
      assert.not.match(`${error.message} ${JSON.stringify(error)}`, /secret|other/i);
    }
  }
});

function hex(keys: readonly Buffer[]): readonly string[] {
  return keys.map((each) => each.toString('hex'));
}

function emptyKey(error: unknown): boolean {
  return isEtcdError(error, 'EMPTY_KEY') && error.argument === 'key';
}

test.run();
