import { assert, seeded, suite } from '@etcdts/testing';
import { ERROR, Http2Error } from '../errors.ts';
import { huffmanLength, readHuffman, writeHuffman } from './huffman.ts';

const test = suite('Huffman code');

function written(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  const out = Buffer.alloc(huffmanLength(bytes) + 4);
  const end = writeHuffman(bytes, out, 2);
  assert.is(end, huffmanLength(bytes) + 2, 'the length is what was announced');
  return out.toString('hex', 2, end);
}

/** Reads from the middle of a buffer, as a connection does. */
function read(hex: string): string {
  const bytes = Buffer.from(`ff${hex}ff`, 'hex');
  return readHuffman(bytes, 1, bytes.length - 1);
}

const refused = (hex: string, text: RegExp): void =>
  assert.throws(
    () => read(hex),
    (error: unknown) =>
      error instanceof Http2Error && error.code === ERROR.COMPRESSION_ERROR && text.test(error.message),
  );

// Worked out by hand. The ten symbols 0 1 2 a c e i o s t have five bits and count from 00000, so t is 01001. d is 100100; line feed is
// the third last of all, thirty bits.
const vectors: readonly (readonly [text: string, hex: string])[] = [
  ['', ''],
  ['0', '07'],
  ['t', '4f'],
  ['etcd', '2a4927'],
  ['ttttt', '4a5294ff'],
  ['tttttttt', '4a5294a529'],
  ['\n', 'fffffff3'],
  ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'], // RFC 7541, C.4.1
];

test('is written and read as worked out by hand', () => {
  for (const [text, hex] of vectors) {
    assert.is(written(text), hex, text);
    assert.is(read(hex), text, text);
  }
});

test('carries each byte and each pair of bytes', () => {
  for (let first = 0; first < 256; first++) {
    const one = String.fromCharCode(first);
    assert.is(read(written(one)), one);
    for (let second = 0; second < 256; second++) {
      const pair = one + String.fromCharCode(second);
      if (read(written(pair)) !== pair) assert.unreachable(`bytes ${first} and ${second}`);
    }
  }
});

test('carries random strings', () => {
  const random = seeded(1);
  for (let round = 0; round < 2_000; round++) {
    const text = Array.from({ length: random() * 60 }, () => String.fromCharCode(random() * 256)).join('');
    assert.is(read(written(text)), text);
  }
});

test('is refused with padding that is not the begin of EOS, or a whole byte of it', () => {
  refused('48', /amid a Huffman code/); // t and 000
  refused('4e', /amid a Huffman code/); // t and 110
  refused('ff', /amid a Huffman code/);
  refused('4fff', /amid a Huffman code/); // t and eleven ones
  refused('4a5294a529ff', /amid a Huffman code/);
});

test('is refused amid a code', () => {
  refused('ffffff', /amid a Huffman code/);
  refused('2a', /amid a Huffman code/); // e and 010
});

test('is refused with EOS', () => {
  refused('ffffffff', /EOS/);
  refused('ffffffffff', /EOS/);
  refused('4ffffffffc', /EOS/); // t, then EOS, then 00000 and padding
});

test.run();
