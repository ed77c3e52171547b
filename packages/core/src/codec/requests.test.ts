import { assert, suite } from '@etcdts/testing';
import fc from 'fast-check';
import { isEtcdError } from '../errors.ts';
import type * as m from '../messages.ts';
import type { Codec } from './codec.ts';
import { message } from './oracle.test.kit.ts';
import { compact, deleteRange, put, range } from './kv.ts';
import { leaseGrant, leaseKeepAlive, leaseLeases, leaseRevoke, leaseTimeToLive } from './lease.ts';
import { txn } from './txn.ts';
import { watch } from './watch.ts';

const RUNS = 3000;

// What proto-loader makes of our bytes is compared with what the request means, spelled in proto-loader's terms.
type Json = Record<string, unknown>;

const int64 = fc.oneof(
  fc.constantFrom(0n, 1n, 127n, 128n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n),
  fc.constantFrom(-1n, -(2n ** 31n), -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const count = fc.oneof(fc.nat(300), fc.maxSafeNat(), fc.maxSafeInteger());
const bytes = fc.oneof(
  { weight: 20, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.nat(40_000).map((length) => Buffer.alloc(length, 'x')) },
);
const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const flag = some(fc.boolean());
const of = <T extends object>(model: { [K in keyof T]-?: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model) as fc.Arbitrary<T>;

const SORT_ORDERS = { none: 'NONE', ascend: 'ASCEND', descend: 'DESCEND' };
const SORT_TARGETS = { key: 'KEY', version: 'VERSION', createRevision: 'CREATE', modRevision: 'MOD', value: 'VALUE' };
const RESULTS = { '=': 'EQUAL', '!=': 'NOT_EQUAL', '>': 'GREATER', '<': 'LESS' };
const TARGETS = { version: 'VERSION', createRevision: 'CREATE', modRevision: 'MOD', value: 'VALUE', lease: 'LEASE' };
const words = <W extends string>(table: Record<W, string>): fc.Arbitrary<W> =>
  fc.constantFrom(...(Object.keys(table) as W[]));

const rangeRequest = of<m.RangeRequest>({
  key: bytes,
  rangeEnd: some(bytes),
  limit: some(count),
  revision: some(int64),
  sortOrder: some(words(SORT_ORDERS)),
  sortTarget: some(words(SORT_TARGETS)),
  serializable: flag,
  keysOnly: flag,
  countOnly: flag,
  minModRevision: some(int64),
  maxModRevision: some(int64),
  minCreateRevision: some(int64),
  maxCreateRevision: some(int64),
});
const putRequest = of<m.PutRequest>({
  key: bytes,
  value: bytes,
  lease: some(int64),
  prevKv: flag,
  ignoreValue: flag,
  ignoreLease: flag,
});
const deleteRequest = of<m.DeleteRangeRequest>({ key: bytes, rangeEnd: some(bytes), prevKv: flag });
const compare: fc.Arbitrary<m.Compare> = fc
  .tuple(bytes, some(bytes), words(TARGETS), words(RESULTS), int64, bytes)
  .map(([key, rangeEnd, target, result, integer, value]) => ({
    key,
    rangeEnd,
    target,
    result,
    operand: target === 'value' ? value : integer,
  }));
const { txn: txnRequest } = fc.letrec<{ txn: m.TxnRequest; op: m.Op }>((tie) => ({
  op: fc.oneof(
    { depthSize: 'small' },
    rangeRequest.map((request): m.Op => ({ type: 'get', request })),
    putRequest.map((request): m.Op => ({ type: 'put', request })),
    deleteRequest.map((request): m.Op => ({ type: 'delete', request })),
    tie('txn').map((request): m.Op => ({ type: 'txn', request })),
  ),
  txn: of<m.TxnRequest>({
    compare: fc.array(compare, { maxLength: 3 }),
    success: fc.array(tie('op'), { maxLength: 3 }),
    failure: fc.array(tie('op'), { maxLength: 3 }),
  }),
}));
const watchRequest: fc.Arbitrary<m.WatchRequest> = fc.oneof(
  of<m.WatchCreateRequest>({
    key: bytes,
    rangeEnd: some(bytes),
    startRevision: some(int64),
    progressNotify: flag,
    filters: some(fc.array(fc.constantFrom('put', 'delete'), { maxLength: 3 })),
    prevKv: flag,
    fragment: flag,
    watchId: some(count),
  }).map((request): m.WatchRequest => ({ type: 'create', request })),
  count.map((watchId): m.WatchRequest => ({ type: 'cancel', watchId })),
  fc.constant<m.WatchRequest>({ type: 'progress' }),
);

const hex = (value: Uint8Array = Buffer.alloc(0)): string => Buffer.from(value).toString('hex');
const rangeMeans = (r: m.RangeRequest): Json => ({
  key: hex(r.key),
  rangeEnd: hex(r.rangeEnd),
  limit: BigInt(r.limit ?? 0),
  revision: r.revision ?? 0n,
  sortOrder:
    (r.sortTarget ?? 'key') === 'key' && r.sortOrder === 'ascend' ? 'NONE' : SORT_ORDERS[r.sortOrder ?? 'none'],
  sortTarget: SORT_TARGETS[r.sortTarget ?? 'key'],
  serializable: r.serializable ?? false,
  keysOnly: r.keysOnly ?? false,
  countOnly: r.countOnly ?? false,
  minModRevision: r.minModRevision ?? 0n,
  maxModRevision: r.maxModRevision ?? 0n,
  minCreateRevision: r.minCreateRevision ?? 0n,
  maxCreateRevision: r.maxCreateRevision ?? 0n,
});
const putMeans = (r: m.PutRequest): Json => ({
  key: hex(r.key),
  value: hex(r.value),
  lease: r.lease ?? 0n,
  prevKv: r.prevKv ?? false,
  ignoreValue: r.ignoreValue ?? false,
  ignoreLease: r.ignoreLease ?? false,
});
const deleteMeans = (r: m.DeleteRangeRequest): Json => ({
  key: hex(r.key),
  rangeEnd: hex(r.rangeEnd),
  prevKv: r.prevKv ?? false,
});
const compareMeans = (c: m.Compare): Json => ({
  key: hex(c.key),
  rangeEnd: hex(c.rangeEnd),
  target: TARGETS[c.target],
  result: RESULTS[c.result],
  targetUnion: c.target,
  [c.target]: typeof c.operand === 'bigint' ? c.operand : hex(c.operand),
});
function opMeans(op: m.Op): Json {
  switch (op.type) {
    case 'get':
      return { request: 'requestRange', requestRange: rangeMeans(op.request) };
    case 'put':
      return { request: 'requestPut', requestPut: putMeans(op.request) };
    case 'delete':
      return { request: 'requestDeleteRange', requestDeleteRange: deleteMeans(op.request) };
    case 'txn':
      return { request: 'requestTxn', requestTxn: txnMeans(op.request) };
  }
}
const txnMeans = (r: m.TxnRequest): Json => ({
  compare: r.compare.map(compareMeans),
  success: r.success.map(opMeans),
  failure: r.failure.map(opMeans),
});
function watchMeans(r: m.WatchRequest): Json {
  if (r.type === 'progress') return { requestUnion: 'progressRequest', progressRequest: {} };
  if (r.type === 'cancel') {
    return { requestUnion: 'cancelRequest', cancelRequest: { watchId: BigInt(r.watchId) } };
  }
  const { key, rangeEnd, startRevision = 0n, progressNotify = false, filters = [], prevKv = false } = r.request;
  const { fragment = false, watchId = 0 } = r.request;
  const createRequest = {
    key: hex(key),
    rangeEnd: hex(rangeEnd),
    startRevision,
    progressNotify,
    filters: filters.map((filter) => (filter === 'put' ? 'NOPUT' : 'NODELETE')),
    prevKv,
    fragment,
    watchId: BigInt(watchId),
  };
  return { requestUnion: 'createRequest', createRequest };
}

/** Buffers as hex, so that a difference can be read. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

/** The message that a frame carries; its prefix is checked. */
function unframed(frame: Buffer): Buffer {
  assert.is(frame[0], 0, 'not compressed');
  assert.is(frame.readUInt32BE(1), frame.length - 5, 'length');
  return frame.subarray(5);
}

const test = suite('codec: requests', { timeoutMs: 60_000 });

function sameAsProtoLoader<Req, Res>(
  name: string,
  codec: Codec<Req, Res>,
  request: fc.Arbitrary<Req>,
  means: (request: Req) => Json,
): void {
  const { deserialize } = message(`etcdserverpb.${name}`);
  test(`${name} reads back through proto-loader as it was meant`, () => {
    fc.assert(
      fc.property(request, (value) => {
        const frame = codec.encodeRequest(value);
        assert.equal(plain(deserialize(unframed(frame))), means(value));
      }),
      { numRuns: RUNS },
    );
  });
}

sameAsProtoLoader('RangeRequest', range, rangeRequest, rangeMeans);
sameAsProtoLoader('PutRequest', put, putRequest, putMeans);
sameAsProtoLoader('DeleteRangeRequest', deleteRange, deleteRequest, deleteMeans);
sameAsProtoLoader('TxnRequest', txn, txnRequest, txnMeans);
sameAsProtoLoader('WatchRequest', watch, watchRequest, watchMeans);
sameAsProtoLoader('CompactionRequest', compact, of<m.CompactionRequest>({ revision: int64, physical: flag }), (r) => ({
  revision: r.revision,
  physical: r.physical ?? false,
}));
sameAsProtoLoader('LeaseGrantRequest', leaseGrant, of<m.LeaseGrantRequest>({ ttl: count, id: int64 }), (r) => ({
  TTL: BigInt(r.ttl),
  ID: r.id,
}));
sameAsProtoLoader('LeaseRevokeRequest', leaseRevoke, fc.record({ id: int64 }), (r) => ({ ID: r.id }));
sameAsProtoLoader('LeaseKeepAliveRequest', leaseKeepAlive, fc.record({ id: int64 }), (r) => ({ ID: r.id }));
sameAsProtoLoader(
  'LeaseTimeToLiveRequest',
  leaseTimeToLive,
  of<m.LeaseTimeToLiveRequest>({ id: int64, keys: flag }),
  (r) => ({ ID: r.id, keys: r.keys ?? false }),
);
sameAsProtoLoader('LeaseLeasesRequest', leaseLeases, fc.constant({}), () => ({}));

const key = Buffer.from('k');
const encodeHex = <Req, Res>(codec: Codec<Req, Res>, request: Req): string =>
  hex(unframed(codec.encodeRequest(request)));

test('leaves out what is proto3 default', () => {
  const nothing = Buffer.alloc(0);
  assert.is(encodeHex(put, { key: nothing, value: nothing, lease: 0n, prevKv: false }), '');
  const request = { key: nothing, limit: 0, revision: 0n, sortOrder: 'none', sortTarget: 'key' } as const;
  assert.is(encodeHex(range, request), '');
});

test('sends a sort by ascending keys as no sort, as clientv3 does', () => {
  assert.is(encodeHex(range, { key, sortTarget: 'key', sortOrder: 'ascend' }), '0a016b');
  assert.is(encodeHex(range, { key, sortOrder: 'ascend' }), '0a016b');
  assert.is(encodeHex(range, { key, sortTarget: 'key', sortOrder: 'descend' }), '0a016b2802');
  assert.is(encodeHex(range, { key, sortTarget: 'version', sortOrder: 'ascend' }), '0a016b28013001');
});

test('sends a compare operand of 0 and an empty value, which proto3 would leave out elsewhere', () => {
  const with0 = (target: m.CompareTarget, operand: bigint | Uint8Array): string =>
    encodeHex(txn, { compare: [{ key, target, result: '=', operand }], success: [], failure: [] });
  assert.is(with0('version', 0n), '0a051a016b2000');
  assert.is(with0('value', Buffer.alloc(0)), '0a0710031a016b3a00');
});

test('hands out frames that later encodings do not change', () => {
  const frames = Array.from({ length: 2000 }, (_, i) => {
    const value = Buffer.alloc((i * 37) % 1500, String(i));
    return { value, frame: put.encodeRequest({ key, value }) };
  });
  const { deserialize } = message('etcdserverpb.PutRequest');
  for (const { value, frame } of frames) {
    assert.is(hex((deserialize(unframed(frame)) as { value: Buffer }).value), hex(value));
  }
});

test('encodes well after an encoding that threw halfway', () => {
  const refused = { compare: [], success: [{ type: 'get', request: { key, sortOrder: 'up' } }], failure: [] };
  assert.throws(() => txn.encodeRequest(refused as never));
  assert.is(encodeHex(range, { key }), '0a016b');
});

test('keeps no large slab alive under the small frames after a large one', () => {
  const value = Buffer.alloc(1024);
  const success = Array.from({ length: 40 }, (): m.Op => ({ type: 'put', request: { key, value } }));
  for (const large of [
    put.encodeRequest({ key, value: Buffer.alloc(1 << 20) }),
    txn.encodeRequest({ compare: [], success, failure: [] }),
  ]) {
    assert.ok(large.buffer.byteLength > 16 * 1024);
    assert.ok(range.encodeRequest({ key }).buffer.byteLength <= 16 * 1024);
  }
});

test('writes a large value in one piece of memory that is hardly larger', () => {
  const frame = put.encodeRequest({ key: Buffer.alloc(1000), value: Buffer.alloc(1 << 20) });
  assert.ok(frame.buffer.byteLength < frame.length + 8 * 1024);
});

/** A transaction of `depth` transactions, each in the one before. */
function nested(depth: number): m.TxnRequest {
  let request: m.TxnRequest = { compare: [], success: [], failure: [] };
  for (; depth > 1; depth--) request = { compare: [], success: [{ type: 'txn', request }], failure: [] };
  return request;
}

test('encodes 100 transactions in each other and refuses 101, and a cycle', () => {
  assert.ok(txn.encodeRequest(nested(100)).length > 100);
  const cycle: { compare: []; success: m.Op[]; failure: [] } = { compare: [], success: [], failure: [] };
  cycle.success.push({ type: 'txn', request: cycle }, { type: 'txn', request: cycle });
  for (const request of [nested(101), cycle]) {
    const error = thrown(() => txn.encodeRequest(request));
    assert.ok(isEtcdError(error, 'INVALID_ARGUMENT'), String(error));
  }
});

test('refuses words, types and integers that the message has no place for', () => {
  const op = (request: object): (() => void) => {
    return () => txn.encodeRequest({ compare: [], success: [request as m.Op], failure: [] });
  };
  const comparing = (compare: object): (() => void) => {
    return () => txn.encodeRequest({ compare: [compare as m.Compare], success: [], failure: [] });
  };
  const refused = [
    op({ type: '__proto__', request: { key } }),
    op({ type: 'get', request: { key, sortTarget: '__proto__' } }),
    comparing({ key, target: 'value', result: '=', operand: 1n }),
    comparing({ key, target: 'lease', result: '=', operand: key }),
    comparing({ key, target: 'lease', result: '==', operand: 1n }),
    comparing({ key, target: 'constructor', result: '=', operand: 1n }),
    () => watch.encodeRequest({ type: 'create', request: { key, filters: ['both' as 'put'] } }),
    () => watch.encodeRequest({ type: 'other' } as never),
    () => leaseRevoke.encodeRequest({ id: 2n ** 63n }),
    () => leaseRevoke.encodeRequest({ id: -(2n ** 63n) - 1n }),
    () => range.encodeRequest({ key, limit: 1.5 }),
    () => range.encodeRequest({ key, limit: Number.NaN }),
    () => range.encodeRequest({ key, limit: 2 ** 60 }),
  ];
  for (const encode of refused) {
    const error = thrown(encode);
    assert.ok(isEtcdError(error, 'INVALID_ARGUMENT'), `${String(encode)}: ${String(error)}`);
  }
});

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

test.run();
