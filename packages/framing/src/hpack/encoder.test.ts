import { assert, seeded, suite } from '@etcdts/testing';
import { Decoder } from './decoder.ts';
import { Encoder } from './encoder.ts';

const test = suite('HPACK encoder');

type Fields = readonly (readonly [name: string, value: string])[];

const hex = (encoder: Encoder, ...fields: Fields): string => encoder.encode(fields).toString('hex');
const text = (value: string): string => Buffer.from(value, 'latin1').toString('hex');

/** An encoder with the decoder that reads all its blocks. */
interface Pair {
  readonly encoder: Encoder;
  /** Encodes and decodes; returns the length of the block. */
  carry(fields: Fields): number;
  read(block: Buffer): Fields;
}

function pair(): Pair {
  const encoder = new Encoder();
  const decoder = new Decoder(4096, 1 << 20, () => 0);
  const read = (block: Buffer): Fields => {
    const found: [string, string][] = [];
    decoder.decode(block, 0, block.length, ({ name, value }) => void found.push([name, value]));
    return found;
  };
  return {
    encoder,
    read,
    carry(fields) {
      const block = encoder.encode(fields);
      assert.equal(read(block), fields);
      return block.length;
    },
  };
}

const request: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/etcdserverpb.KV/Put'],
  [':authority', 'localhost:2379'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
  ['user-agent', 'etcdts'],
];

test('a field of the static table is one byte', () => {
  assert.is(
    hex(new Encoder(), [':method', 'POST'], [':scheme', 'https'], [':status', '404'], [':authority', '']),
    '83878d81',
  );
});

test('a literal has the index of its name, is in Huffman code if that is shorter, and is one byte from then on', () => {
  const encoder = new Encoder();
  assert.is(
    hex(encoder, ['te', 'etcd']),
    `40 02 ${text('te')} 83 2a4927`.replaceAll(' ', ''),
    'te in Huffman code has two bytes',
  );
  assert.is(
    hex(encoder, [':path', 'XX'], ['user-agent', '\n\n']),
    `44 02 ${text('XX')} 7a 02 0a0a`.replaceAll(' ', ''),
  );
  assert.is(hex(encoder, ['te', 'etcd'], [':path', 'XX'], ['user-agent', '\n\n']), 'c0bfbe');
});

test('a request of etcd is one byte a field after the first', () => {
  const { encoder, carry } = pair();
  assert.ok(carry(request) > 50);
  const before = encoder.version;
  assert.is(carry(request), 7);
  assert.is(carry(request), 7);
  assert.is(encoder.version, before, 'its blocks may be sent again');
});

test('a block is right until the version grows, which a new field does', () => {
  const encoder = new Encoder();
  hex(encoder, ['a', '1']);
  const before = encoder.version;
  assert.is(hex(encoder, ['a', '1']), 'be');
  assert.is(encoder.version, before);
  hex(encoder, ['b', '2']);
  assert.ok(encoder.version > before);
  assert.is(hex(encoder, ['a', '1']), 'bf');
});

test('a field that is larger than the table is a literal, and evicts nothing', () => {
  const { encoder, carry } = pair();
  carry([['a', '1']]);
  const before = encoder.version;
  const large: Fields = [['large', 'x'.repeat(4096 - 32 - 5 + 1)]];
  const length = carry(large);
  assert.is(carry(large), length, 'as long the second time');
  assert.is(carry([['a', '1']]), 1);
  assert.is(encoder.version, before);
  assert.is(hex(new Encoder(), ['a', 'x'.repeat(5000)]).slice(0, 2), '00', 'without indexing');
});

test('a token that changes evicts the oldest, so that the fields of now are one byte each', () => {
  const { encoder, carry } = pair();
  for (let n = 0; n < 200; n++) {
    const fields: Fields = [...request, ['token', `token ${n} ${'.'.repeat(200)}`]];
    carry(fields);
    carry(fields); // What has left is entered again.
    const before = encoder.version;
    assert.is(carry(fields), 8, `token ${n}`);
    assert.is(encoder.version, before);
  }
});

test('a name whose values are never used again takes no place after a while', () => {
  const { encoder, carry } = pair();
  let n = 0;
  const traced = (): Fields => [...request, ['traceparent', `${n++}-${'0'.repeat(50)}`]];
  for (let round = 0; round < 200; round++) carry(traced());
  carry(traced());
  const before = encoder.version;
  for (let round = 0; round < 200; round++) carry(traced());
  assert.is(encoder.version, before);
  assert.is(carry(request), 7);
});

test('a name of which one value is used again keeps its places', () => {
  const { carry } = pair();
  for (let n = 0; n < 200; n++) {
    carry([['id', `${n}${'.'.repeat(400)}`]]);
    carry([['id', 'again']]);
    assert.is(carry([['id', 'again']]), 1, `round ${n}`);
  }
});

test('names that had no use for a small table enter a larger one', () => {
  const { encoder, carry } = pair();
  encoder.limit(40);
  for (let n = 0; n < 100; n++) carry([['a', String(n % 2)]]);
  assert.is(carry([['a', '0']]), 5, 'a literal');
  encoder.limit(4096);
  carry([['a', '0']]);
  assert.is(carry([['a', '0']]), 1);
});

test('the table of a peer that allows more has 4,096 bytes, and needs no update', () => {
  const { encoder, carry } = pair();
  encoder.limit(1 << 20);
  assert.equal(encoder.encode([[':method', 'POST']]), Buffer.from([0x83]));
  for (let n = 0; n < 5; n++) carry([['a', `${n}${'x'.repeat(1000)}`]]);
  assert.ok(carry([['a', `0${'x'.repeat(1000)}`]]) > 100, 'the first has left');
});

test('a smaller table is announced in the next block, once', () => {
  const encoder = new Encoder();
  hex(encoder, ['a', '1'], ['b', '2']);
  const before = encoder.version;
  encoder.limit(40);
  assert.ok(encoder.version > before);
  const [first, after] = [hex(encoder, ['b', '2'], [':method', 'GET']), encoder.version];
  assert.is(first, '3f09be82');
  assert.is(hex(encoder, ['b', '2']), 'be');
  assert.is(encoder.version, after);
});

test('a block with an update is not to be sent again', () => {
  const encoder = new Encoder();
  encoder.limit(0);
  const before = encoder.version;
  assert.is(hex(encoder, [':method', 'GET']), '2082');
  assert.ok(encoder.version > before);
});

test('of several sizes the smallest comes first, then the last (RFC 7541, 4.2)', () => {
  const encoder = new Encoder();
  hex(encoder, ['a', '1']);
  for (const limit of [2000, 0, 100, 1 << 16]) encoder.limit(limit);
  assert.is(hex(encoder, [':method', 'GET']), '203fe11f82');
  for (const limit of [2000, 4096]) encoder.limit(limit);
  assert.is(hex(encoder, [':method', 'GET']), '3fb10f3fe11f82');
  for (const limit of [3000, 100]) encoder.limit(limit);
  assert.is(hex(encoder, [':method', 'GET']), '3f4582');
});

test('no table at all: every field is a literal, and blocks may be sent again', () => {
  const encoder = new Encoder();
  encoder.limit(0);
  hex(encoder);
  const before = encoder.version;
  assert.is(hex(encoder, ['a', '1']), hex(encoder, ['a', '1']));
  assert.is(encoder.version, before);
});

test('what it writes is read as it was, through thousands of lists and limits, and once more while the version stands', () => {
  const random = seeded(3);
  const { encoder, read } = pair();
  const word = (most: number): string =>
    Array.from({ length: random() * most }, () => String.fromCharCode(random() * 256)).join('');
  const names = Array.from({ length: 8 }, () => word(30));
  const values = Array.from({ length: 8 }, () => word(random() < 0.1 ? 5000 : 60));
  const some = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  let kept: { readonly block: Buffer; readonly fields: Fields }[] = [];
  let again = 0;
  for (let round = 0; round < 4_000; round++) {
    const before = encoder.version;
    while (random() < 0.02) encoder.limit(Math.floor(random() * 5_000));
    const fresh = random() < 0.1;
    const fields = Array.from({ length: random() * 6 }, () => [some(names), fresh ? word(40) : some(values)] as const);
    const block = encoder.encode(fields);
    assert.equal(read(block), fields);
    if (encoder.version !== before) kept = [];
    else kept.push({ block, fields });
    if (kept.length === 0) continue;
    const one = some(kept);
    assert.equal(read(one.block), one.fields);
    again++;
  }
  assert.ok(again > 500, `${again} blocks were read again`);
});

test.run();
