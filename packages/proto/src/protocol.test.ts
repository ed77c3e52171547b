import { readFileSync } from 'node:fs';
import { assert, suite } from '@etcdts/testing';
import fc from 'fast-check';
import { etcdProtocol } from './etcd.ts';
import { messages, parse, read, write } from './oracle.test.kit.ts';
import { Protocol, type MessageCodec } from './protocol.ts';
import { WireError } from './reader.ts';

const test = suite('codec by declaration', { timeoutMs: 60_000 });

const everything = parse(`
  syntax = "proto3";
  package demo;
  enum Mood { CALM = 0; ANGRY = 5; COLD = -1; }
  message All {
    enum Mood { INNER = 0; OTHER = 7; }
    message Part { All all = 1; string name = 200000; }
    double a = 1; float b = 2; int32 c = 3; int64 d = 4; uint32 e = 5; uint64 f = 6; sint32 g = 7; sint64 h = 8;
    fixed32 i = 9; fixed64 j = 10; sfixed32 k = 11; sfixed64 l = 12; bool m = 13; string n = 14; bytes o = 15;
    Mood inner = 16; .demo.Mood outer = 17; demo.All.Part part = 18;
    repeated int64 longs = 19; repeated int64 loose = 20 [packed = false]; repeated double doubles = 21;
    repeated Mood moods = 22; repeated string texts = 23; repeated Part parts = 24; repeated bool bools = 25;
    oneof choice { string text = 26; int64 number = 27; Part whole = 28; }
    optional int32 maybe = 29;
    map<string, Part> by_name = 30; map<int32, bytes> by_number = 31; map<sint32, Mood> moods_by = 32;
    repeated fixed32 fixed = 33; repeated sint64 zigzag = 34;
  }
`);
const files = ['kv.proto', 'auth.proto', 'rpc.proto'].map((file) =>
  readFileSync(new URL(`../etcd/${file}`, import.meta.url), 'utf8'),
);
const etcd = parse(...files);
const ours = new Protocol([everything.toJSON()]);

/** The value, or `undefined` for bytes that are refused as they ought to be. */
function decodeOrRefuse(codec: MessageCodec, bytes: Buffer): object | undefined {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function compare(codec: MessageCodec, type: ReturnType<typeof etcd.lookupType>, numRuns: number): void {
  fc.assert(
    fc.property(messages(type), fc.infiniteStream(fc.nat(255)), (message, noise) => {
      const wire = write(type, message);
      const expected = read(type, wire);
      assert.equal(codec.decode(wire), expected, 'reads');
      const written = codec.encode(message);
      assert.is(written.toString('hex'), wire.toString('hex'), 'writes');
      const [at = 0, cut = 0, byte = 0] = noise;
      const part = wire.subarray(0, wire.length === 0 ? 0 : cut % wire.length);
      const decoded = decodeOrRefuse(codec, part);
      if (decoded !== undefined) assert.equal(decoded, read(type, part), 'cut');
      const damaged = Buffer.from(wire);
      if (wire.length > 0) damaged[at % wire.length] = byte;
      decodeOrRefuse(codec, damaged);
    }),
    { numRuns },
  );
}

test('every message of etcd is read as by protobufjs, written byte for byte as by it, and refused or read when it is damaged', () => {
  const protocol = etcdProtocol();
  const declared = parse(...files);
  const names = ['mvccpb', 'authpb', 'etcdserverpb'].flatMap((space) =>
    (declared.lookup(space) as typeof declared).nestedArray
      .filter((node) => 'fields' in node)
      .map((node) => node.fullName.slice(1)),
  );
  assert.ok(names.length > 90, String(names.length));
  for (const name of names) compare(protocol.message(name), etcd.lookupType(name), 60);
});

test('every scalar, enums, oneofs, maps, packed and loose fields are read and written as by protobufjs, byte for byte', () => {
  compare(ours.message('demo.All'), everything.lookupType('demo.All'), 1000);
});

test('random bytes are read or refused', () => {
  const codec = ours.message('demo.All');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void decodeOrRefuse(codec, Buffer.from(bytes))),
    { numRuns: 5000 },
  );
});

const demo = (fields: object, more: object = {}): MessageCodec =>
  new Protocol([{ nested: { M: { fields, ...more }, Mood: { values: { CALM: 0, ANGRY: 5 } } } }]).message('M');

test('a field of another wire type is skipped as an unknown one is', () => {
  const codec = demo({ n: { type: 'int32', id: 1 }, list: { rule: 'repeated', type: 'string', id: 2 } });
  assert.equal(codec.decode(Buffer.of(0x0a, 1, 7, 0x10, 9, 0xa0, 0x06, 1)), { n: 0, list: [] });
});

test('what is malformed is refused with its reason', () => {
  const codec = demo({ text: { type: 'string', id: 1 }, n: { type: 'int64', id: 2 }, f: { type: 'fixed64', id: 3 } });
  const refusals: [bytes: number[], reason: RegExp][] = [
    [[0x0a, 2, 0x61], /a length runs past its end/],
    [[0x10, 0x80], /a varint runs past its end/],
    [[0x10], /a varint runs past its end/],
    [[0x10, ...Array<number>(9).fill(0xff), 2], /a varint is longer than 64 bits/],
    [[0x10, ...Array<number>(10).fill(0xff), 1], /a varint is longer than 64 bits/],
    [[0x0a, 0x80, 0x80, 0x80, 0x80, 0x10], /a tag or length is longer than 32 bits/],
    [[0x02, 0], /a field has the number 0/],
    [[0x19, 1, 2, 3], /a field runs past its end/],
    [[0x0b], /a field has the wire type 3/],
    [[0x0f], /a field has the wire type 7/],
  ];
  for (const [bytes, reason] of refusals) {
    assert.throws(
      () => codec.decode(Buffer.from(bytes)),
      (error: unknown) => error instanceof WireError && reason.test(error.message),
    );
  }
});

test('100 messages in each other are read and written, 101 and a cycle are refused', () => {
  const codec = demo({ m: { type: 'M', id: 1 } });
  const nested = (depth: number): object => (depth === 1 ? {} : { m: nested(depth - 1) });
  const wire = codec.encode(nested(100));
  assert.ok(codec.decode(wire));
  const deeper = Buffer.concat([Buffer.of(0x0a, 0x80 | (wire.length & 0x7f), wire.length >> 7), wire]);
  assert.throws(() => codec.decode(deeper), /more than 100 messages/);
  const cycle: { m?: object } = {};
  cycle.m = cycle;
  for (const message of [nested(101), cycle]) assert.throws(() => codec.encode(message), /at most 100 messages/);
});

test('a value that a field cannot hold is refused by the name of the field, and not shown', () => {
  const secret = 'sentinel-secret';
  const codec = demo({
    n: { type: 'int64', id: 1 },
    u: { type: 'uint32', id: 2 },
    text: { type: 'string', id: 3 },
    blob: { type: 'bytes', id: 4 },
    mood: { type: 'Mood', id: 5 },
    list: { rule: 'repeated', type: 'bool', id: 6 },
    m: { type: 'M', id: 7 },
    map: { keyType: 'int32', type: 'M', id: 8 },
  });
  const refusals: [message: unknown, reason: RegExp][] = [
    [undefined, /^must be an object, not undefined$/],
    [null, /^must be an object, not null$/],
    [{ n: '5' }, /^n must be a bigint or a safe integer, not string$/],
    [{ n: 2 ** 60 }, /^n must be a safe integer$/],
    [{ n: 2n ** 63n }, /^n must be an integer from /],
    [{ u: -1 }, /^u must be an integer from 0 to 4294967295$/],
    [{ u: 1n }, /^u must be a number, not bigint$/],
    [{ text: Buffer.from(secret) }, /^text must be a string, not object$/],
    [{ blob: secret }, /^blob must be a Buffer or a Uint8Array, not string$/],
    [{ mood: secret }, /^mood must be one of CALM, ANGRY$/],
    [{ list: true }, /^list must be an array, not boolean$/],
    [{ m: { m: { list: [1] } } }, /^m\.m\.list must be a boolean, not number$/],
    [{ m: 5 }, /^m must be an object, not number$/],
    [{ map: { [secret]: {} } }, /^map must have keys of the type int32$/],
    [{ map: { 1: { n: 0.5 } } }, /^map\.n must be a safe integer$/],
  ];
  for (const [message, reason] of refusals) {
    assert.throws(
      () => codec.encode(message as object),
      (error: unknown) => error instanceof TypeError && reason.test(error.message),
    );
  }
  assert.equal(codec.encode({ n: undefined, m: null, list: [] }), Buffer.alloc(0));
});

// protobufjs writes `true` for each key of type bool, and makes hashes of those in 64 bits.
test('keys of maps are text, of the types bool and uint64 too, and a key may be __proto__', () => {
  const codec = demo({
    truth: { keyType: 'bool', type: 'int32', id: 1 },
    long: { keyType: 'uint64', type: 'string', id: 2 },
    text: { keyType: 'string', type: 'M', id: 3 },
  });
  const truth = { true: 1, false: 2 };
  const long = Object.fromEntries([[String(2n ** 64n - 1n), 'x']]);
  const text = Object.fromEntries([['__proto__', { truth: {}, long: {}, text: {} }]]);
  const decoded = codec.decode(codec.encode({ truth, long, text })) as Record<string, object>;
  assert.equal([decoded['truth'], decoded['long']], [truth, long]);
  assert.equal(Object.entries(decoded['text'] ?? {}), Object.entries(text));
  const emptyEntry = Buffer.of(0x1a, 0);
  assert.equal(codec.decode(emptyEntry), { truth: {}, long: {}, text: { '': { truth: {}, long: {}, text: {} } } });
  assert.throws(() => codec.encode({ truth: { maybe: 1 } }), /^truth must be a boolean/);
});

test('enums are names or, if requested, numbers; unknown numbers stay numbers; both forms are written', () => {
  const json = { nested: { M: { fields: { e: { type: 'E', id: 1 } } }, E: { values: { A: 0, B: 1 } } } };
  const [names, numbers] = [new Protocol([json]).message('M'), new Protocol([json], 'numbers').message('M')];
  const wires = [[], [8, 1], [8, 9]].map((bytes) => Buffer.from(bytes));
  assert.equal(
    wires.map((wire) => names.decode(wire)),
    [{ e: 'A' }, { e: 'B' }, { e: 9 }],
  );
  assert.equal(
    wires.map((wire) => numbers.decode(wire)),
    [{ e: 0 }, { e: 1 }, { e: 9 }],
  );
  for (const e of ['B', 1]) assert.equal(names.encode({ e }), Buffer.of(8, 1));
});

test('of a oneof the last field on the wire counts', () => {
  const fields = { a: { type: 'string', id: 1 }, b: { type: 'string', id: 2 } };
  const codec = demo(fields, { oneofs: { which: { oneof: ['a', 'b'] } } });
  assert.equal(codec.decode(Buffer.of(0x0a, 1, 0x61, 0x12, 1, 0x62)), { which: 'b', b: 'b' });
  assert.equal(codec.decode(Buffer.alloc(0)), {});
});

test('small bytes do not keep the message alive, large ones are no copy', () => {
  const codec = demo({ blob: { type: 'bytes', id: 1 } });
  const blobOf = (wire: Buffer): Buffer => (codec.decode(wire) as { readonly blob: Buffer }).blob;
  const large = codec.encode({ blob: Buffer.alloc(1 << 20) });
  assert.is(blobOf(large).buffer, large.buffer);
  const chunk = Buffer.alloc(1 << 20);
  codec.encode({ blob: Buffer.from('small') }).copy(chunk);
  const small = blobOf(chunk.subarray(0, 7));
  assert.is(small.toString(), 'small');
  assert.ok(small.buffer.byteLength < 70_000);
});

test('what is not supported or not declared is refused by name', () => {
  const refused: [fields: object, more: object, reason: RegExp][] = [
    [{ a: { type: 'Nowhere', id: 1 } }, {}, /has no type Nowhere/],
    [{ a: { type: 'int32', id: 1, options: { default: 5 } } }, {}, /M\.a has a default of its own/],
    [{}, { group: true }, /M is a group/],
  ];
  for (const [fields, more, reason] of refused) assert.throws(() => demo(fields, more), reason);
  assert.throws(() => ours.message('demo.Mood'), /is no message/);
  assert.throws(() => ours.message('demo.None'), /has no type/);
});

test('types are found from the inside out', () => {
  const text = { fields: { text: { type: 'string', id: 1 } } };
  const count = { fields: { count: { type: 'int32', id: 1 } } };
  const user = { fields: { near: { type: 'T', id: 1 }, far: { type: '.T', id: 2 }, pkg: { type: 'p.T', id: 3 } } };
  const json = { nested: { T: text, p: { nested: { T: text, User: { ...user, nested: { T: count } } } } } };
  const codec = new Protocol([json]).message('p.User');
  const message = { near: { count: 1 }, far: { text: 'far' }, pkg: { text: 'pkg' } };
  assert.equal(codec.decode(codec.encode(message)), message);
});

test.run();
