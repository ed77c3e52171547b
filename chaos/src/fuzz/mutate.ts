/** Bytes on which encodings turn: ends of ranges, continued varints, lengths. */
const TELLING = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x08, 0x0a, 0x12, 0x3f, 0x40, 0x1f, 0x20] as const;
const LONGEST = 4_096;

/** Changes an input in a few places; parts of other inputs may come into it. */
export function mutate(input: Buffer, others: readonly Buffer[], random: () => number): Buffer {
  let bytes: Buffer = Buffer.from(input);
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) bytes = changed(bytes, others, random);
  return bytes.subarray(0, LONGEST);
}

function changed(bytes: Buffer, others: readonly Buffer[], random: () => number): Buffer {
  const below = (end: number): number => Math.floor(random() * end);
  const at = below(bytes.length + 1);
  const byte = (): number => (random() < 0.5 ? (TELLING[below(TELLING.length)] as number) : below(256));
  const length = 1 + below(8);
  switch (below(7)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte()]), bytes.subarray(at)]);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2: {
      const other = others[below(others.length)] ?? bytes;
      const from = below(other.length + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + 4 * length), bytes.subarray(at)]);
    }
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
    default: {
      if (at === bytes.length) return Buffer.concat([bytes, Buffer.from([byte()])]);
      const old = bytes[at] as number;
      bytes[at] = [byte(), old ^ (1 << below(8)), old + 1, old - 1][below(4)] as number;
      return bytes;
    }
  }
}
