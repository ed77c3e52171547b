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
export const MAX_FRAME = 16_384;
/** The size of the client's connection preface, before its first frame. */
const PREFACE_BYTES = 24;

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

/** DATA frames with the bytes of a message, none larger than the default size. */
export function dataFrames(stream: number, message: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += MAX_FRAME) {
    parts.push(frame(FrameType.data, 0, stream, message.subarray(at, at + MAX_FRAME)));
  }
  return Buffer.concat(parts);
}

export function windowUpdate(stream: number, increment: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(increment);
  return frame(FrameType.windowUpdate, 0, stream, payload);
}

/** Called with a frame whose payload is in `bytes` from `start` to `end`, during the call only. */
export type FrameHandler = (
  type: number,
  flags: number,
  stream: number,
  bytes: Buffer,
  start: number,
  end: number,
) => void;

/** Cuts what a peer sends into frames. A frame costs no object. */
export class FrameReader {
  private readonly handler: FrameHandler;
  private rest: Buffer = Buffer.alloc(0);
  private skip: number;

  /** `skip` is the number of bytes before the first frame. */
  constructor(handler: FrameHandler, skip: number = PREFACE_BYTES) {
    this.handler = handler;
    this.skip = skip;
  }

  push(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const size = bytes.length;
    let at = Math.min(this.skip, size);
    this.skip -= at;
    while (size - at >= HEADER_BYTES) {
      const start = at + HEADER_BYTES;
      const end = start + byte(bytes, at) * 65_536 + byte(bytes, at + 1) * 256 + byte(bytes, at + 2);
      if (end > size) break;
      const stream =
        (byte(bytes, at + 5) & 0x7f) * 16_777_216 +
        (byte(bytes, at + 6) << 16) +
        (byte(bytes, at + 7) << 8) +
        byte(bytes, at + 8);
      this.handler(byte(bytes, at + 3), byte(bytes, at + 4), stream, bytes, start, end);
      at = end;
    }
    this.rest = bytes.subarray(at);
  }
}

function byte(bytes: Buffer, at: number): number {
  return bytes[at] as number;
}
