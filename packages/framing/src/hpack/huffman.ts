import { ERROR, Http2Error } from '../errors.ts';

/**
 * The lengths of the 257 codes of RFC 7541, appendix B, in the order of the symbols, as digits of base 36. They are the whole code:
 * it is canonical, which means that codes count upwards through the symbols, sorted by length.
 */
const LENGTHS: readonly number[] = Array.from(
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
    'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
    'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
    'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq' +
    'u',
  (digit) => parseInt(digit, 36),
);

/** The symbol that no string may contain (RFC 7541, 5.2). */
const EOS = 256;

/** The code of each symbol: its lowest bits, as many as its length. */
const CODES: readonly number[] = (() => {
  const codes = Array<number>(257).fill(0);
  const order = LENGTHS.map((_, symbol) => symbol).sort((a, b) => LENGTHS[a]! - LENGTHS[b]! || a - b);
  let code = 0;
  let length = 0;
  for (const symbol of order) {
    code *= 2 ** (LENGTHS[symbol]! - length);
    length = LENGTHS[symbol]!;
    codes[symbol] = code++;
  }
  return codes;
})();

/** How many bytes the string has in Huffman code. */
export function huffmanLength(text: Buffer): number {
  let bits = 0;
  for (const byte of text) bits += LENGTHS[byte]!;
  return (bits + 7) >> 3;
}

/** Writes the string in Huffman code, padded with ones, and returns where it ends. */
export function writeHuffman(text: Buffer, out: Buffer, at: number): number {
  let bits = 0;
  let count = 0;
  const put = (code: number, length: number): void => {
    bits = (bits << length) | code;
    for (count += length; count >= 8; count -= 8) out[at++] = bits >>> (count - 8);
    bits &= (1 << count) - 1;
  };
  for (const byte of text) {
    const code = CODES[byte]!;
    const length = LENGTHS[byte]!;
    // A code has up to 30 bits and 7 may wait, but there are 32: long codes go in two parts.
    if (length > 16) {
      put(code >>> 16, length - 16);
      put(code & 0xffff, 16);
    } else {
      put(code, length);
    }
  }
  if (count > 0) put((1 << (8 - count)) - 1, 8 - count);
  return at;
}

// Flags of what four bits lead to: they complete one symbol at most, as codes have five bits or more; or they complete EOS.
const SYMBOL = 1 << 9;
const FAILURE = 1 << 10;

interface Decoding {
  /** By state and four bits: the next state in bits 0 to 7, the symbol in bits 11 to 18, SYMBOL, FAILURE. */
  readonly steps: Int32Array;
  /** By state: whether a string may end there. What is left over are the first bits of EOS, fewer than eight. */
  readonly ends: Uint8Array;
}

/** Makes the table of the decoder. A state is an inner node of the tree of codes; the root is state 0. */
function makeDecoding(): Decoding {
  const tree: number[] = [0, 0]; // Two children for each node: a node, or the complement of a symbol.
  for (const [symbol, length] of LENGTHS.entries()) {
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const child = 2 * node + ((CODES[symbol]! >>> bit) & 1);
      if (bit === 0) tree[child] = ~symbol;
      else if (tree[child] === 0) {
        tree[child] = tree.length / 2;
        tree.push(0, 0);
      }
      node = tree[child]!;
    }
  }
  const steps = new Int32Array(tree.length * 8);
  for (let step = 0; step < steps.length; step++) {
    let node = step >> 4;
    let result = 0;
    for (let bit = 3; bit >= 0; bit--) {
      node = tree[2 * node + ((step >> bit) & 1)]!;
      if (node >= 0) continue;
      result |= ~node === EOS ? FAILURE : SYMBOL | (~node << 11);
      node = 0;
    }
    steps[step] = result | node;
  }
  const ends = new Uint8Array(tree.length / 2);
  for (let node = 0, depth = 0; depth < 8; node = tree[2 * node + 1]!, depth++) ends[node] = 1;
  return { steps, ends };
}

let decoding: Decoding | undefined;

/** Reads a string in Huffman code, as latin1. Throws COMPRESSION_ERROR for EOS and for wrong padding (RFC 7541, 5.2). */
export function readHuffman(bytes: Buffer, start: number, end: number): string {
  // Many peers send no Huffman code before the first error, so a start does without the table.
  const { steps, ends } = (decoding ??= makeDecoding());
  const text = Buffer.allocUnsafe(Math.floor(((end - start) * 8) / 5));
  let length = 0;
  let state = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    const first = steps[(state << 4) | (byte >> 4)]!;
    if ((first & SYMBOL) !== 0) text[length++] = first >> 11;
    const second = steps[((first & 0xff) << 4) | (byte & 15)]!;
    if ((second & SYMBOL) !== 0) text[length++] = second >> 11;
    if (((first | second) & FAILURE) !== 0)
      throw new Http2Error(ERROR.COMPRESSION_ERROR, 'a header has EOS in Huffman code');
    state = second & 0xff;
  }
  if (ends[state] === 0) throw new Http2Error(ERROR.COMPRESSION_ERROR, 'a header ends amid a Huffman code');
  return text.toString('latin1', 0, length);
}
