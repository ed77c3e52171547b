// The part of HTTP/2's framing that a measurement needs (RFC 9113, sections 4 and 6).

export const FrameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const;

export const Flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8 } as const;

export const HEADER_BYTES = 9;
/** The size of the client's connection preface, before its first frame. */
export const PREFACE_BYTES = 24;

/** Writes a frame header at `offset` and returns the offset behind it. */
export function writeFrameHeader(
  out: Buffer,
  offset: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  out.writeUIntBE(length, offset, 3);
  out[offset + 3] = type;
  out[offset + 4] = flags;
  out.writeUInt32BE(stream, offset + 5);
  return offset + HEADER_BYTES;
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  out.set(payload, writeFrameHeader(out, 0, payload.length, type, flags, stream));
  return out;
}

export function windowUpdate(stream: number, increment: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(increment);
  return frame(FrameType.windowUpdate, 0, stream, payload);
}

export type FrameHandler = (type: number, flags: number, stream: number, payload: Buffer) => void;

/** Cuts what a client sends into frames. */
export class FrameReader {
  private readonly handler: FrameHandler;
  private rest: Buffer = Buffer.alloc(0);
  private skip = PREFACE_BYTES;

  constructor(handler: FrameHandler) {
    this.handler = handler;
  }

  push(chunk: Buffer): void {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    if (this.skip > 0) {
      const skipped = Math.min(this.skip, bytes.length);
      this.skip -= skipped;
      bytes = bytes.subarray(skipped);
    }
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff;
      this.handler(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, stream, bytes.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    this.rest = bytes.subarray(at);
  }
}
