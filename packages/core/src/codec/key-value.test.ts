import { deepStrictEqual, notDeepStrictEqual } from 'node:assert/strict';
import { inspect } from 'node:util';
import { assert, suite } from '@etcdts/testing';
import type { KeyValue, WatchEvent } from '../messages.ts';
import { message } from './oracle.test.kit.ts';
import { keyValue, withKey } from './key-value.ts';
import { range, put } from './kv.ts';
import { Page } from './page.ts';
import { watch } from './watch.ts';
import { watchEvent } from './watch-event.ts';

const RANGE = message('etcdserverpb.RangeResponse');

/** The first of the keys of a response that was `size` bytes long on its way, in a chunk of its own. */
function firstOf(kvs: readonly object[], size = 0): { readonly kv: KeyValue; readonly chunk: Buffer } {
  const wire = RANGE.serialize({ kvs });
  const chunk = Buffer.alloc(Math.max(size, wire.length) + 100);
  wire.copy(chunk, 100);
  const { kvs: decoded } = range.decodeResponse(chunk.subarray(100, 100 + wire.length));
  return { kv: decoded[0] as KeyValue, chunk };
}

const none = Buffer.alloc(0);
const FULL = {
  key: Buffer.from('k'),
  value: Buffer.from('{"a":1}'),
  createRevision: 2n,
  modRevision: 2n ** 53n + 1n,
  version: 3n,
  lease: -5n,
};

const test = suite('codec: KeyValue');

test('lets go of the message', () => {
  const { kv, chunk } = firstOf([FULL, { value: Buffer.alloc(100_000) }]);
  chunk.fill(0xff);
  assert.is(kv.modRevision, 2n ** 53n + 1n);
  assert.is(kv.key.toString(), 'k');
  assert.is(kv.text(), '{"a":1}');
  assert.is(kv.lease, -5n);
  for (const buffer of [kv.key, kv.value]) assert.ok(buffer.buffer.byteLength <= 32_768, 'shares no large buffer');
});

test('gives a large value as a view where it is most of the message, and a copy where it is not', () => {
  const value = Buffer.alloc(80_000, 'v');
  const alone = firstOf([{ key: Buffer.from('k'), value }]);
  assert.is(alone.kv.value.buffer, alone.chunk.buffer);
  assert.is(alone.kv.key.buffer === alone.chunk.buffer, false);
  const among = firstOf([{ key: Buffer.from('k'), value }, { value: Buffer.alloc(90_000) }]);
  assert.is(among.kv.value.buffer === among.chunk.buffer, false);
  assert.ok(among.kv.value.equals(value));
});

test('of a small message in the pool of Node is a view of it, whatever the size of the pool is', () => {
  // Node has 8 KiB up to version 22, 64 KiB from 24 on, and 64 bytes more from 26 on.
  for (const poolSize of [8_192, 65_536]) {
    const usual = Buffer.poolSize;
    Buffer.poolSize = poolSize;
    try {
      // The pool of the size before is used up first.
      for (let used = 0; used <= 70_000; used += 1_000) Buffer.allocUnsafe(1_000);
      const pool = Buffer.allocUnsafe(1_000).buffer.byteLength;
      assert.ok(pool >= poolSize && pool < poolSize + 100, `a pool of ${pool}`);
      const page = new Page();
      const message = Buffer.allocUnsafe(100).fill('v');
      page.begin(message);
      assert.is(page.part(10, 20).buffer, message.buffer);
      const alone = Buffer.alloc(65_536);
      page.begin(alone);
      assert.is(page.part(10, 20).buffer, alone.buffer);
      const larger = Buffer.alloc(70_000);
      page.begin(larger);
      assert.is.not(page.part(10, 20).buffer, larger.buffer, 'a part of a larger store is copied');
    } finally {
      Buffer.poolSize = usual;
    }
  }
});

test('of many small messages lie on few pages, and none in the place of another', () => {
  const kvs = Array.from({ length: 200 }, (_, i) => firstOf([{ ...FULL, value: Buffer.alloc(100, i) }], 131_072).kv);
  for (const [i, { value }] of kvs.entries()) assert.equal(value, Buffer.alloc(100, i));
  const stores = new Set(kvs.flatMap(({ key, value }) => [key.buffer, value.buffer]));
  assert.ok(stores.size <= 4, `${stores.size} pages for 200 values of 100 bytes`);
});

test('of one large message are copied page by page, not one by one', () => {
  const wire = RANGE.serialize({ kvs: Array.from({ length: 400 }, () => ({ ...FULL, value: Buffer.alloc(100) })) });
  let copies = 0;
  const message = Object.assign(Buffer.from(wire), {
    copy: (...args: Parameters<Buffer['copy']>) => (copies++, wire.copy(...args)),
  });
  assert.is(range.decodeResponse(message).kvs.length, 400);
  // One more for each end of a page, where a key value does not fit.
  assert.ok(copies <= Math.ceil(wire.length / 8_000) + 1, `${copies} copies of ${wire.length} bytes`);
});

test('reads key and value whose lengths take more bytes than they need, and a value of several bytes of length', () => {
  const value = Buffer.alloc(300, 'v');
  const key = Buffer.from([0x0a, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 0x6b]);
  const kv = Buffer.concat([key, Buffer.from([0x2a, 0xac, 0x02]), value]);
  const wire = Buffer.concat([Buffer.from([0x12, 0x80 | (kv.length & 0x7f), kv.length >> 7]), kv]);
  const [read] = range.decodeResponse(wire).kvs;
  assert.is(read?.key.toString(), 'k');
  assert.ok(read?.value.equals(value));
});

test('has its data in own enumerable properties, so that a spread, a clone and a comparison see all of it', () => {
  const { kv } = firstOf([FULL]);
  const data = { ...FULL, version: 3 };
  deepStrictEqual({ ...kv }, data);
  assert.equal(kv, data, 'to libraries that compare constructors it is a literal');
  deepStrictEqual(kv, keyValue(data));
  for (const [name, other] of Object.entries({ key: none, value: none, createRevision: 9n, version: 9, lease: 9n })) {
    notDeepStrictEqual(kv, keyValue({ ...data, [name]: other }));
    assert.not.equal(kv, { ...data, [name]: other });
  }
  const names: string[] = [];
  for (const name in kv) names.push(name);
  assert.equal(names, Object.keys(data), 'no method is enumerable');
});

test('survives structuredClone, its Buffers as Uint8Arrays', () => {
  const { key, value, ...numbers } = structuredClone(firstOf([FULL]).kv);
  deepStrictEqual({ key, value }, { key: Uint8Array.from(FULL.key), value: Uint8Array.from(FULL.value) });
  deepStrictEqual(numbers, { createRevision: 2n, modRevision: 2n ** 53n + 1n, version: 3, lease: -5n });
});

test('reads text and JSON, and throws SyntaxError where a value is no JSON', () => {
  const { kv } = firstOf([FULL]);
  assert.is(kv.text(), '{"a":1}');
  assert.equal(kv.json<{ a: number }>(), { a: 1 });
  assert.throws(
    () => keyValue({ value: Buffer.from('{') }).json(),
    (error: unknown) => error instanceof SyntaxError,
  );
});

test('is a key without anything where the message is empty', () => {
  const { kv } = firstOf([{}]);
  const { key, value, createRevision, modRevision, version, lease } = kv;
  assert.equal([key.length, value.length, createRevision, modRevision, version, lease], [0, 0, 0n, 0n, 0, 0n]);
});

test('prints its fields, with text where the bytes are UTF-8', () => {
  const fields =
    'value: \'{"a":1}\',\n  createRevision: 2n,\n  modRevision: 9007199254740993n,\n  version: 3,\n  lease: -5n';
  assert.is(inspect(firstOf([FULL]).kv), `{\n  key: 'k',\n  ${fields}\n}`);
  assert.match(inspect(keyValue({ key: Buffer.from([0xff]) })), /key: <Buffer ff>/);
});

test('goes through JSON.stringify with revisions as strings and bytes as text or base64', () => {
  const json =
    '{"key":"k","value":"{\\"a\\":1}","createRevision":"2","modRevision":"9007199254740993","version":3,"lease":"-5"}';
  assert.is(JSON.stringify(firstOf([FULL]).kv), json);
  assert.match(JSON.stringify(keyValue({ key: Buffer.from([0xff]) })), /^\{"key":\{"base64":"\/w=="\},/);
});

const fieldsOf = (kv: KeyValue): unknown[] => [
  kv.key.toString(),
  kv.value.toString(),
  kv.createRevision,
  kv.modRevision,
  kv.version,
  kv.lease,
];

test('withKey changes the key and nothing else, whoever made the KeyValue', () => {
  const key = Buffer.from('other');
  const { kv } = firstOf([FULL]);
  const { value, createRevision, modRevision, version, lease } = firstOf([FULL]).kv;
  const foreign = { key, value, createRevision, modRevision, version, lease } as KeyValue;
  const expected = ['other', '{"a":1}', 2n, 2n ** 53n + 1n, 3, -5n];
  assert.equal(fieldsOf(withKey(kv, key)), expected);
  assert.equal(fieldsOf(withKey(keyValue({ ...foreign, key: Buffer.from('k') }), key)), expected);
  assert.equal(fieldsOf(withKey(foreign, key)), expected);
  assert.is(kv.key.toString(), 'k', 'the original keeps its key');
});

test('a response without a header has one that is all zero', () => {
  const { header } = put.decodeResponse(Buffer.alloc(0));
  assert.is(inspect(header), '{ clusterId: 0n, memberId: 0n, revision: 0n, raftTerm: 0n }');
  assert.is(JSON.stringify(header), '{"clusterId":"0","memberId":"0","revision":"0","raftTerm":"0"}');
});

const events = suite('codec: WatchEvent');

/** Events of which each has a key, a value of up to 90 bytes, and what was there before. */
function manyEvents(): { readonly decoded: readonly WatchEvent[]; readonly wire: Buffer } {
  const kvOf = (i: number, name: string): object => ({
    key: Buffer.from(`${name}-${i}`),
    value: Buffer.alloc((i * 7) % 90, name),
    createRevision: BigInt(i),
    modRevision: BigInt(i + 1),
  });
  const all = Array.from({ length: 1_000 }, (_, i) => ({ kv: kvOf(i, 'now'), prevKv: kvOf(i, 'before') }));
  const wire = Buffer.concat([message('etcdserverpb.WatchResponse').serialize({ events: all })]);
  return { decoded: watch.decodeResponse(wire).events, wire };
}

events('of one large message outlive it', () => {
  const { decoded, wire } = manyEvents();
  wire.fill(0xff);
  for (const [i, { kv, prevKv }] of decoded.entries()) {
    assert.equal(fieldsOf(kv).slice(2), [BigInt(i), BigInt(i + 1), 0, 0n]);
    assert.is(prevKv?.createRevision, BigInt(i));
    assert.equal([kv.key.toString(), prevKv?.key.toString()], [`now-${i}`, `before-${i}`]);
    assert.is(kv.value.toString(), Buffer.alloc((i * 7) % 90, 'now').toString());
  }
});

events('of one large message keep 32 KiB alive each at most, in as few copies as hold them', () => {
  const { decoded, wire } = manyEvents();
  const stores = new Set<ArrayBufferLike>();
  for (const { kv, prevKv } of decoded) for (const bytes of [kv.key, kv.value, prevKv?.key]) stores.add(bytes!.buffer);
  for (const store of stores) assert.ok(store.byteLength <= 32_768);
  // One more for the rest of the page that others began, one for the end of a page, where an event does not fit, and empty values.
  assert.ok(stores.size <= Math.ceil(wire.length / 32_768) + 3, `${stores.size} copies of ${wire.length} bytes`);
});

events('have all of their data in own enumerable properties', () => {
  const wire = message('etcdserverpb.WatchResponse').serialize({ events: [{ kv: FULL }, { kv: FULL, prevKv: FULL }] });
  const [first, second] = watch.decodeResponse(wire).events;
  const kv = keyValue({ ...FULL, version: 3 });
  deepStrictEqual({ ...first }, { type: 'put', kv, isCreate: false, isModify: true });
  deepStrictEqual(second, { type: 'put', kv, prevKv: kv, isCreate: false, isModify: true });
  deepStrictEqual(second, watchEvent({ type: 'put', kv, prevKv: kv }));
  assert.is(structuredClone(second)?.prevKv?.modRevision, FULL.modRevision);
});

events('print and serialise with their keys', () => {
  const wire = message('etcdserverpb.WatchResponse').serialize({
    header: { clusterId: 2n ** 64n - 1n },
    events: [{ type: 'DELETE', kv: { key: Buffer.from('k'), modRevision: 9n }, prevKv: FULL }],
  });
  const response = watch.decodeResponse(wire);
  assert.match(inspect(response), /clusterId: 18446744073709551615n/);
  assert.match(inspect(response), /type: 'delete',\s+kv: \{\s+key: 'k',[^}]+modRevision: 9n/);
  const { key, modRevision } = { key: 'k', modRevision: '9' };
  const kv = { key, value: '', createRevision: '0', modRevision, version: 0, lease: '0' };
  const before = {
    ...kv,
    value: '{"a":1}',
    createRevision: '2',
    modRevision: '9007199254740993',
    version: 3,
    lease: '-5',
  };
  const json = [{ type: 'delete', kv, prevKv: before, isCreate: false, isModify: false }];
  assert.equal(JSON.parse(JSON.stringify(response.events)), json);
});

events('made from fields tell creation from change as those of etcd do (W-15)', () => {
  const created = keyValue({ createRevision: 7n, modRevision: 7n });
  const changed = keyValue({ createRevision: 7n, modRevision: 8n });
  const facts = (type: 'put' | 'delete', kv: KeyValue): boolean[] => {
    const event = watchEvent({ type, kv });
    return [event.isCreate, event.isModify];
  };
  assert.equal(facts('put', created), [true, false]);
  assert.equal(facts('put', changed), [false, true]);
  assert.equal(facts('delete', created), [false, false]);
  assert.equal(facts('delete', changed), [false, false]);
  const event = watchEvent({ type: 'put', kv: changed, prevKv: created });
  assert.equal([event.type, event.kv, event.prevKv], ['put', changed, created]);
});

test.run();
events.run();
