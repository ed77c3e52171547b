import { ERROR, Http2Error, protocolError } from './errors.ts';
import { FLAG, FRAME, FRAME_HEADER, FRAME_SIZE, LARGEST_31, uint32 } from './frames.ts';

/** The functions to which a reader reports frames. They throw `Http2Error` if the peer breaks a rule. */
export interface FrameSink {
  /** The header of a frame, of unknown types as well, before its payload. It throws for a length beyond `FRAME_SIZE`. */
  onHeader(type: number, flags: number, id: number, length: number): void;
  /** Some content of a DATA frame, without padding, as it comes. Valid during the call. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The end of a DATA frame. */
  onDataEnd(): void;
  /** The whole payload of any other frame. Valid during the call. */
  onPayload(bytes: Buffer, start: number, end: number): void;
}

const NO_FRAME = -1;
const NOT_READ = -1;

/**
 * Divides the bytes of a connection into frames (RFC 9113, 4.1). The content of DATA is passed on as it comes, in whatever parts; what
 * is kept of other frames until they are whole is no more than one frame. Frames of unknown types are passed over (4.1).
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #header: Buffer = Buffer.alloc(FRAME_HEADER);
  /** How many bytes of a header that comes in parts are there. */
  #have = 0;
  #type = 0;
  /** How much of the payload is still to come, for DATA without its padding. */
  #left = NO_FRAME;
  #padding = 0;
  #gathered: Buffer | undefined;
  #gatheredLength = 0;
  #stopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Ignores all bytes from now on, those under way as well. */
  stop(): void {
    this.#stopped = true;
  }

  read(bytes: Buffer, length: number): void {
    let at = 0;
    while (at < length && !this.#stopped) {
      if (this.#left === NO_FRAME) {
        if (this.#have === 0 && length - at >= FRAME_HEADER) {
          this.#begin(bytes, at);
          at += FRAME_HEADER;
        } else {
          while (this.#have < FRAME_HEADER && at < length) this.#header[this.#have++] = bytes[at++] as number;
          if (this.#have < FRAME_HEADER) return;
          this.#have = 0;
          this.#begin(this.#header, 0);
        }
      }
      if (this.#type === FRAME.DATA) at = this.#data(bytes, at, length);
      else at = this.#other(bytes, at, length);
    }
  }

  #begin(bytes: Buffer, at: number): void {
    const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    const type = bytes[at + 3] as number;
    const flags = bytes[at + 4] as number;
    // The highest bit is reserved, and ignored (RFC 9113, 4.1).
    const id = uint32(bytes, at + 5) & LARGEST_31;
    this.#type = type;
    this.#left = length;
    this.#padding = type === FRAME.DATA && (flags & FLAG.PADDED) !== 0 ? NOT_READ : 0;
    this.#sink.onHeader(type, flags, id, length);
    if (length === 0 && this.#padding === NOT_READ) {
      throw new Http2Error(ERROR.FRAME_SIZE_ERROR, 'a padded DATA frame without a length of its padding');
    }
  }

  #data(bytes: Buffer, start: number, length: number): number {
    let at = start;
    if (this.#padding === NOT_READ) {
      if (at === length) return at;
      this.#padding = bytes[at++] as number;
      this.#left -= 1 + this.#padding;
      // RFC 9113, 6.1.
      if (this.#left < 0) throw protocolError('a DATA frame with more padding than payload');
    }
    const content = Math.min(this.#left, length - at);
    if (content > 0) {
      this.#left -= content;
      this.#sink.onData(bytes, at, at + content);
      at += content;
    }
    if (this.#left > 0) return at;
    const padding = Math.min(this.#padding, length - at);
    this.#padding -= padding;
    at += padding;
    if (this.#padding > 0) return at;
    this.#left = NO_FRAME;
    if (!this.#stopped) this.#sink.onDataEnd();
    return at;
  }

  #other(bytes: Buffer, at: number, length: number): number {
    const here = length - at;
    if (this.#type > FRAME.CONTINUATION) {
      const skipped = Math.min(this.#left, here);
      this.#left -= skipped;
      if (this.#left === 0) this.#left = NO_FRAME;
      return at + skipped;
    }
    if (this.#gatheredLength === 0 && here >= this.#left) {
      const end = at + this.#left;
      this.#left = NO_FRAME;
      this.#sink.onPayload(bytes, at, end);
      return end;
    }
    const part = Math.min(this.#left, here);
    this.#gathered ??= Buffer.allocUnsafeSlow(FRAME_SIZE);
    bytes.copy(this.#gathered, this.#gatheredLength, at, at + part);
    this.#gatheredLength += part;
    this.#left -= part;
    if (this.#left === 0) {
      const whole = this.#gatheredLength;
      this.#left = NO_FRAME;
      this.#gatheredLength = 0;
      this.#sink.onPayload(this.#gathered, 0, whole);
    }
    return at + part;
  }
}
