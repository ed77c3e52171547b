// Reads what clients send: gRPC's frames, and the fields of a message in proto's encoding.

export function readVarint(bytes: Buffer, at: number): [value: bigint, next: number] {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[at++] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}

/** Calls `each` with every field of varint or length-delimited type. */
export function fields(bytes: Buffer, each: (field: number, value: bigint, content: Buffer) => void): void {
  let at = 0;
  while (at < bytes.length) {
    const [tag, afterTag] = readVarint(bytes, at);
    const [value, afterValue] = readVarint(bytes, afterTag);
    const end = (tag & 7n) === 2n ? afterValue + Number(value) : afterValue;
    each(Number(tag >> 3n), value, bytes.subarray(afterValue, end));
    at = end;
  }
}

/** Makes a reader of one stream's bytes. It takes received bytes and calls `each` with every completed message. */
export function messageReader(each: (message: Buffer) => void): (data: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (data) => {
    const bytes = rest.length === 0 ? data : Buffer.concat([rest, data]);
    let at = 0;
    while (bytes.length - at >= 5) {
      const end = at + 5 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      each(bytes.subarray(at + 5, end));
      at = end;
    }
    // The bytes are valid only during the call.
    rest = Buffer.from(bytes.subarray(at));
  };
}
