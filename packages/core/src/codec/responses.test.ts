import { isUtf8 } from 'node:buffer';
import { assert, suite } from '@etcdts/testing';
import fc from 'fast-check';
import { isEtcdError } from '../errors.ts';
import type * as m from '../messages.ts';
import type { Codec } from './codec.ts';
import { message } from './oracle.test.kit.ts';
import { compact, deleteRange, put, range, rangeStream } from './kv.ts';
import { leaseGrant, leaseKeepAlive, leaseLeases, leaseRevoke, leaseTimeToLive } from './lease.ts';
import { txn } from './txn.ts';
import { watch } from './watch.ts';

const RUNS = 3000;

type Json = Record<string, unknown>;
/** What proto-loader decodes: no type of ours says what is in it. */
type Proto = any;

const int64 = fc.oneof(
  fc.constantFrom(0n, 1n, 127n, 128n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n),
  fc.constantFrom(-1n, -(2n ** 31n), -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const uint64 = fc.oneof(fc.constantFrom(0n, 2n ** 63n, 2n ** 64n - 1n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const quantity = fc.maxSafeInteger().map(BigInt);
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const header = fc.record({ clusterId: uint64, memberId: uint64, revision: int64, raftTerm: uint64 });
const kv = fc.record(
  { key: bytes, value: bytes, createRevision: int64, modRevision: int64, version: quantity, lease: int64 },
  { requiredKeys: [] },
);
const optional = (model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.record({ header, ...model }, { requiredKeys: [] });
const list = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { maxLength: 4 });
const event = fc.record({ type: fc.constantFrom('PUT', 'DELETE'), kv, prevKv: kv }, { requiredKeys: [] });

const rangeResponse = optional({ kvs: list(kv), more: fc.boolean(), count: quantity });
const putResponse = optional({ prevKv: kv });
const deleteResponse = optional({ deleted: quantity, prevKvs: list(kv) });
const { txnResponse } = fc.letrec((tie) => ({
  responseOp: fc.oneof(
    { depthSize: 'small' },
    fc.record({ responseRange: rangeResponse }),
    fc.record({ responsePut: putResponse }),
    fc.record({ responseDeleteRange: deleteResponse }),
    fc.record({ responseTxn: tie('txnResponse') }),
  ),
  txnResponse: optional({ succeeded: fc.boolean(), responses: list(tie('responseOp')) }),
}));
const lease = optional({ ID: int64, TTL: quantity });

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const NO_HEADER = { clusterId: 0n, memberId: 0n, revision: 0n, raftTerm: 0n };
const headerOf = (proto: Proto): Json => proto.header ?? NO_HEADER;
const kvOf = (proto: Proto): Json => ({
  key: hex(proto.key),
  value: hex(proto.value),
  createRevision: proto.createRevision,
  modRevision: proto.modRevision,
  version: Number(proto.version),
  lease: proto.lease,
});
const EMPTY_KV = { key: '', value: '', createRevision: 0n, modRevision: 0n, version: 0, lease: 0n };
const rangeOf = (proto: Proto): Json => ({
  header: headerOf(proto),
  kvs: proto.kvs.map(kvOf),
  more: proto.more,
  count: Number(proto.count),
});
const prevKvOf = (proto: Proto): Json => (proto.prevKv === null ? {} : { prevKv: kvOf(proto.prevKv) });
const putOf = (proto: Proto): Json => ({ header: headerOf(proto), ...prevKvOf(proto) });
const deleteOf = (proto: Proto): Json => ({
  header: headerOf(proto),
  deleted: Number(proto.deleted),
  prevKvs: proto.prevKvs.map(kvOf),
});
function responseOf(proto: Proto): Json {
  switch (proto.response) {
    case 'responseRange':
      return { type: 'get', response: rangeOf(proto.responseRange) };
    case 'responsePut':
      return { type: 'put', response: putOf(proto.responsePut) };
    case 'responseDeleteRange':
      return { type: 'delete', response: deleteOf(proto.responseDeleteRange) };
    default:
      return { type: 'txn', response: txnOf(proto.responseTxn) };
  }
}
const txnOf = (proto: Proto): Json => ({
  header: headerOf(proto),
  succeeded: proto.succeeded,
  responses: proto.responses.map(responseOf),
});
const eventOf = (proto: Proto): Json => {
  const plainKv = proto.kv === null ? EMPTY_KV : kvOf(proto.kv);
  const same = plainKv['createRevision'] === plainKv['modRevision'];
  return {
    type: proto.type === 'PUT' ? 'put' : 'delete',
    kv: plainKv,
    ...prevKvOf(proto),
    isCreate: proto.type === 'PUT' && same,
    isModify: proto.type === 'PUT' && !same,
  };
};
const watchOf = (proto: Proto): Json => ({
  header: headerOf(proto),
  watchId: Number(proto.watchId),
  created: proto.created,
  canceled: proto.canceled,
  compactRevision: proto.compactRevision,
  cancelReason: proto.cancelReason,
  fragment: proto.fragment,
  events: proto.events.map(eventOf),
});
const leaseOf = (proto: Proto): Json => ({ header: headerOf(proto), id: proto.ID, ttl: Number(proto.TTL) });
const headerOnly = (proto: Proto): Json => ({ header: headerOf(proto) });

/** What we decoded, in the terms above: its own enumerable properties are all that is looked at. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]): [string, unknown] => [name, plain(field)]);
  return Object.fromEntries(fields.filter(([name]) => name !== 'byteLength'));
}

/** The same as JSON. */
function json(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array)
    return isUtf8(value) ? value.toString() : { base64: (value as Buffer).toString('base64') };
  if (Array.isArray(value)) return value.map(json);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, json(field)]));
}

interface Sample {
  readonly name: string;
  readonly decode: (bytes: Buffer) => unknown;
  readonly raw: (bytes: Buffer) => object;
  readonly arbitrary: fc.Arbitrary<Buffer>;
  readonly expected: (bytes: Buffer) => unknown;
}
const samples: Sample[] = [];
function sample<Res extends object>(
  name: string,
  codec: Codec<never, Res>,
  response: fc.Arbitrary<unknown>,
  of: (proto: Proto) => Json,
): void {
  const { serialize, deserialize } = message(`etcdserverpb.${name}`);
  samples.push({
    name,
    decode: (wire) => plain(codec.decodeResponse(wire)),
    raw: (wire) => codec.decodeResponse(wire),
    arbitrary: response.map((fields) => serialize(fields as object)),
    expected: (wire) => of(deserialize(wire)),
  });
}
sample('RangeResponse', range, rangeResponse, rangeOf);
sample('RangeStreamResponse', rangeStream, fc.record({ rangeResponse }), (proto) => ({
  rangeResponse:
    proto.rangeResponse === null ? { header: NO_HEADER, kvs: [], more: false, count: 0 } : rangeOf(proto.rangeResponse),
}));
sample('PutResponse', put, putResponse, putOf);
sample('DeleteRangeResponse', deleteRange, deleteResponse, deleteOf);
sample('TxnResponse', txn, txnResponse, txnOf);
sample('CompactionResponse', compact, optional({}), headerOnly);
const watchResponse = {
  watchId: quantity,
  created: fc.boolean(),
  canceled: fc.boolean(),
  compactRevision: int64,
  cancelReason: fc.string({ unit: 'grapheme' }),
  fragment: fc.boolean(),
  events: list(event),
};
sample('WatchResponse', watch, optional(watchResponse), watchOf);
sample('LeaseGrantResponse', leaseGrant, lease, leaseOf);
sample('LeaseRevokeResponse', leaseRevoke, optional({}), headerOnly);
sample('LeaseKeepAliveResponse', leaseKeepAlive, lease, leaseOf);
sample(
  'LeaseTimeToLiveResponse',
  leaseTimeToLive,
  optional({ ID: int64, TTL: quantity, grantedTTL: quantity, keys: list(bytes) }),
  (proto) => ({ ...leaseOf(proto), grantedTtl: Number(proto.grantedTTL), keys: proto.keys.map(hex) }),
);
sample('LeaseLeasesResponse', leaseLeases, optional({ leases: list(fc.record({ ID: int64 })) }), (proto) => ({
  header: headerOf(proto),
  leases: proto.leases.map((status: Proto) => status.ID),
}));

const byte = fc.nat(255);
/** A field that no etcd message has: number 100 and above, of every wire type but groups. */
const unknownField = fc.oneof(
  byte.map((value) => [0xa0, 0x06, value & 0x7f]),
  fc.array(byte, { minLength: 8, maxLength: 8 }).map((eight) => [0xa1, 0x06, ...eight]),
  fc.array(byte, { maxLength: 20 }).map((some) => [0xa2, 0x06, some.length, ...some]),
  fc.array(byte, { minLength: 4, maxLength: 4 }).map((four) => [0xa5, 0x06, ...four]),
);

const test = suite('codec: responses', { timeoutMs: 60_000 });

/** Runs `decode`; anything but a result or a typed error fails. */
function decodeOrRefuse(decode: () => unknown): { readonly value: unknown } | undefined {
  try {
    return { value: decode() };
  } catch (error) {
    if (!isEtcdError(error, 'INTERNAL')) throw error;
    assert.is(error.grpcCode, 13);
    assert.is(error.outcome, 'unknown');
    return undefined;
  }
}

for (const { name, decode, raw, arbitrary, expected } of samples) {
  test(`${name} decodes as through proto-loader, also between unknown fields`, () => {
    const chunk = fc.array(unknownField, { maxLength: 2 }).map((fields) => Buffer.from(fields.flat()));
    fc.assert(
      fc.property(arbitrary, chunk, chunk, (wire, before, after) => {
        assert.equal(decode(Buffer.concat([before, wire, after])), expected(wire));
      }),
      { numRuns: RUNS },
    );
  });

  test(`${name} goes through structuredClone and JSON.stringify with all that is in it`, () => {
    fc.assert(
      fc.property(arbitrary, (wire) => {
        const response = raw(wire);
        assert.equal(plain(structuredClone(response)), expected(wire));
        assert.equal(JSON.parse(JSON.stringify(response)), json(response));
      }),
      { numRuns: 300 },
    );
  });

  test(`${name} cut at any byte is refused or what proto-loader makes of it`, () => {
    fc.assert(
      fc.property(arbitrary, (wire) => {
        for (let length = 0; length < wire.length; length++) {
          const cut = wire.subarray(0, length);
          const decoded = decodeOrRefuse(() => decode(cut));
          if (decoded) assert.equal(decoded.value, expected(cut));
        }
      }),
      { numRuns: 60 },
    );
  });

  test(`${name} with changed bytes is decoded or refused, never more than that`, () => {
    const changes = fc.array(fc.tuple(fc.nat(), byte), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(arbitrary, changes, (wire, changed) => {
        for (const [at, value] of changed) if (wire.length > 0) wire[at % wire.length] = value;
        decodeOrRefuse(() => decode(wire));
      }),
      { numRuns: RUNS },
    );
  });

  test(`${name} of random bytes is decoded or refused`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (wire) => {
        decodeOrRefuse(() => decode(Buffer.from(wire)));
      }),
      { numRuns: RUNS },
    );
  });
}

/** The text of the error that a RangeResponse of these bytes is refused with. */
function refusal(...wire: number[]): string {
  try {
    range.decodeResponse(Buffer.from(wire));
  } catch (error) {
    if (isEtcdError(error, 'INTERNAL')) return error.message;
    throw error;
  }
  return 'not refused';
}

test('names the message and what is wrong with it', () => {
  const because = (what: string): string => `INTERNAL: malformed RangeResponse from the server: ${what}`;
  assert.is(refusal(0x12, 5, 0x0a), because('a length runs past its end'));
  assert.is(refusal(0x0a, 2, 0x12, 1), because('a length runs past its end'), 'inside a header');
  assert.is(refusal(0x20, 0x80), because('a varint runs past its end'));
  assert.is(refusal(0x20), because('a varint runs past its end'));
  assert.is(refusal(0x20, ...Array(10).fill(0xff), 1), because('a varint is longer than 64 bits'));
  assert.is(refusal(0x20, ...Array(9).fill(0xff), 2), because('a varint is longer than 64 bits'));
  assert.is(refusal(0x12, 0x80, 0x80, 0x80, 0x80, 0x10), because('a tag or length is longer than 32 bits'));
  assert.is(refusal(0x02, 0), because('a field has the number 0'));
  assert.is(refusal(0xa1, 0x06, 1, 2, 3), because('a field runs past its end'));
  assert.is(refusal(0xa5, 0x06, 1, 2, 3), because('a field runs past its end'));
  for (const wireType of [3, 4, 6, 7]) {
    assert.is(refusal(0xa0 | wireType, 0x06), because(`a field has the wire type ${wireType}`));
  }
  assert.is(refusal(0x12, 2, 0x0a, 9), because('a length runs past its end'), 'inside a KeyValue');
});

test('reads ten-byte varints in full and drops nothing of the 64 bits', () => {
  const minusOne = [...Array(9).fill(0xff), 1];
  const { header } = compact.decodeResponse(Buffer.from([0x0a, 22, 0x08, ...minusOne, 0x18, ...minusOne]));
  assert.is(header.clusterId, 2n ** 64n - 1n);
  assert.is(header.revision, -1n);
});

test('takes the last of a field that comes twice', () => {
  const { header, count } = range.decodeResponse(Buffer.from([0x0a, 2, 0x18, 1, 0x20, 5, 0x0a, 2, 0x18, 2, 0x20, 6]));
  assert.is(header.revision, 2n);
  assert.is(count, 6);
});

test('reads the ids of any header, whichever came before it: of other members, of another order, cut, or with more behind', () => {
  const header = message('etcdserverpb.ResponseHeader');
  const id = fc.constantFrom(0n, 1n, 300n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 2n, 2n ** 64n - 1n);
  const arbitrary = fc.record({ clusterId: id, memberId: id, revision: fc.nat(1_000).map(BigInt), raftTerm: id });
  const forms = fc.constantFrom('whole', 'reversed', 'again', 'cut');
  fc.assert(
    fc.property(fc.array(fc.tuple(arbitrary, forms, fc.nat(12)), { minLength: 1, maxLength: 20 }), (headers) => {
      for (const [fields, form, cut] of headers) {
        const { clusterId, memberId, revision, raftTerm } = fields;
        let wire = header.serialize(fields);
        if (form === 'reversed')
          wire = Buffer.concat([header.serialize({ memberId, revision }), header.serialize({ clusterId, raftTerm })]);
        if (form === 'again') wire = Buffer.concat([header.serialize({ clusterId: 5n, memberId: 6n }), wire]);
        if (form === 'cut') wire = wire.subarray(0, Math.max(0, wire.length - cut));
        const framed = Buffer.concat([Buffer.from([0x0a]), varint(wire.length), wire]);
        const read = decodeOrRefuse(() => compact.decodeResponse(framed));
        const theirs = decodeOrRefuse(() => {
          try {
            return header.deserialize(wire);
          } catch {
            return undefined;
          }
        });
        if (read === undefined) continue;
        const expected =
          form === 'cut' || form === 'again' ? theirs?.value : { clusterId, memberId, revision, raftTerm };
        assert.equal({ ...(read.value as { header: object }).header }, { ...(expected as object) });
      }
    }),
    { numRuns: 500 },
  );
});

test('gives each of equal messages objects and bytes of its own', () => {
  const kv = { key: Buffer.from('k'), value: Buffer.from('value'), modRevision: 7n };
  const wire = message('etcdserverpb.WatchResponse').serialize({
    header: { memberId: 2n ** 63n, clusterId: 2n ** 63n },
    events: [{ kv }],
  });
  for (const size of [wire.length, 100_000]) {
    const decode = (): m.WatchResponseMessage => {
      const chunk = Buffer.alloc(size);
      wire.copy(chunk);
      return watch.decodeResponse(chunk.subarray(0, wire.length));
    };
    const [first, second] = [decode(), decode()];
    const event = first.events[0] as m.WatchEvent;
    event.kv.key.fill('x');
    event.kv.value.fill('x');
    Object.assign(event.kv, { modRevision: 9n });
    Object.assign(event, { type: 'delete' });
    Object.assign(first.header, { revision: 9n, memberId: 9n });
    for (const other of [second, decode()]) {
      const { type, kv: untouched } = other.events[0] as m.WatchEvent;
      assert.equal(
        [type, untouched.key.toString(), untouched.text(), untouched.modRevision],
        ['put', 'k', 'value', 7n],
      );
      assert.equal([other.header.memberId, other.header.revision], [2n ** 63n, 0n]);
    }
  }
});

test('reads a key of any length, version and lease of any value, and integers that take more bytes than they need', () => {
  const field = (tag: number, ...value: number[]): Buffer => Buffer.from([tag, ...value]);
  const long = [0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00];
  for (const [name, tag] of Object.entries({ createRevision: 0x10, modRevision: 0x18, version: 0x20, lease: 0x30 })) {
    const kv = field(tag, ...long);
    const [read] = range.decodeResponse(Buffer.concat([field(0x12, kv.length), kv])).kvs;
    assert.is(Number(Reflect.get(read as object, name)), 5, name);
  }
});

test('skips unknown fields inside a header, a key and an event', () => {
  const unknown = [0xa0, 0x06, 1];
  const kvField = [0x12, 6, ...unknown, 0x0a, 1, 0x6b];
  const wire = Buffer.from([0x0a, 5, ...unknown, 0x18, 7, 0x5a, 3 + kvField.length, ...unknown, ...kvField]);
  const { header, events } = watch.decodeResponse(wire);
  assert.is(header.revision, 7n);
  assert.is(events[0]?.kv.key.toString(), 'k');
});

test('refuses an event whose type etcd does not have', () => {
  assert.not(decodeOrRefuse(() => watch.decodeResponse(Buffer.from([0x5a, 2, 0x08, 2]))));
});

test('refuses a response in a transaction of a kind that etcd does not have', () => {
  assert.not(decodeOrRefuse(() => txn.decodeResponse(Buffer.from([0x1a, 0]))));
  assert.not(decodeOrRefuse(() => txn.decodeResponse(Buffer.from([0x1a, 2, 0x2a, 0]))));
});

test('decodes 100 transactions in each other and refuses 101', () => {
  const nest = (depth: number): Buffer => {
    let wire: Buffer = Buffer.alloc(0);
    const { serialize } = message('etcdserverpb.TxnResponse');
    for (; depth > 1; depth--) {
      const op = Buffer.concat([Buffer.from([0x22]), varint(wire.length), wire]);
      wire = Buffer.concat([serialize({ succeeded: true }), Buffer.from([0x1a]), varint(op.length), op]);
    }
    return wire;
  };
  assert.ok(decodeOrRefuse(() => txn.decodeResponse(nest(100))));
  assert.not(decodeOrRefuse(() => txn.decodeResponse(nest(101))));
  assert.not(decodeOrRefuse(() => txn.decodeResponse(nest(20_000))));
});

function varint(value: number): Buffer {
  const out: number[] = [];
  for (; value > 0x7f; value >>>= 7) out.push((value & 0x7f) | 0x80);
  return Buffer.from([...out, value]);
}

test('tells what a watch response took on the wire', () => {
  const wire = message('etcdserverpb.WatchResponse').serialize({ watchId: 3n, cancelReason: 'x'.repeat(300) });
  assert.is(watch.decodeResponse(wire).byteLength, wire.length);
});

test('does not keep a large message alive for the attached keys of a lease', () => {
  const all = Array.from({ length: 5000 }, () => Buffer.from('a key of a lease'));
  const wire = message('etcdserverpb.LeaseTimeToLiveResponse').serialize({ keys: all });
  const { keys } = leaseTimeToLive.decodeResponse(wire);
  assert.is(keys.length, 5000);
  assert.ok((keys[0]?.buffer.byteLength ?? Infinity) <= 32_768);
});

test('does not keep a 128 KiB chunk alive for the small messages in it', () => {
  const chunk = Buffer.alloc(128 * 1024);
  const wire = message('etcdserverpb.WatchResponse').serialize({ events: [{ kv: { key: Buffer.from('k') } }] });
  wire.copy(chunk, 1000);
  const { events } = watch.decodeResponse(chunk.subarray(1000, 1000 + wire.length));
  chunk.fill(0xff);
  assert.is(events[0]?.kv.key.toString(), 'k');
});

test.run();
