import { ERROR, Http2Error, protocolError } from './errors.ts';
import { FLAG, FRAME_SIZE } from './frames.ts';

/** The length of the priority in HEADERS, which is ignored (RFC 9113, 5.3.2). */
const PRIORITY_LENGTH = 5;

/** The header block that is being received: that of HEADERS, joined with the CONTINUATION frames behind it (RFC 9113, 4.3). */
export class HeaderBlock {
  readonly #limit: number;
  /** The stream. */
  id = 0;
  /** Whether the stream ends with the block. */
  ends = false;
  /** Whether the rest is still to come. */
  open = false;
  /** The bytes of the block, from `start` to `end`. Once it is whole, they are valid until the next frame. */
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  #joined: Buffer | undefined;

  /** `limit` is the largest block in bytes that is joined. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the payload of HEADERS. Returns whether the block is whole. */
  begin(id: number, flags: number, bytes: Buffer, start: number, end: number): boolean {
    this.id = id;
    this.ends = (flags & FLAG.END_STREAM) !== 0;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    if ((flags & FLAG.PADDED) !== 0) this.end -= start < end ? (bytes[this.start++] as number) : 1;
    if ((flags & FLAG.PRIORITY) !== 0) this.start += PRIORITY_LENGTH;
    // RFC 9113, 6.2.
    if (this.start > this.end) throw protocolError('a HEADERS frame with more padding than payload');
    if ((flags & FLAG.END_HEADERS) !== 0) return true;
    this.open = true;
    const from = this.start;
    this.start = 0;
    this.end = this.#join(0, bytes, from, this.end);
    return false;
  }

  /** Takes the payload of CONTINUATION. Returns whether the block is whole. */
  continue(flags: number, bytes: Buffer, start: number, end: number): boolean {
    if (!this.open) throw protocolError('CONTINUATION without HEADERS');
    this.end = this.#join(this.end, bytes, start, end);
    this.open = (flags & FLAG.END_HEADERS) === 0;
    return !this.open;
  }

  /** Adds a fragment behind the first `length` bytes, and returns the length of both. */
  #join(length: number, bytes: Buffer, start: number, end: number): number {
    const joined = length + end - start;
    if (joined > this.#limit) {
      throw new Http2Error(ERROR.ENHANCE_YOUR_CALM, `a header block of more than ${this.#limit} bytes`);
    }
    if (this.#joined === undefined || this.#joined.length < joined) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * joined, FRAME_SIZE));
      this.#joined?.copy(larger, 0, 0, length);
      this.#joined = larger;
    }
    bytes.copy(this.#joined, length, start, end);
    this.bytes = this.#joined;
    return joined;
  }
}
