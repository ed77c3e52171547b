/** The error for malformed bytes. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const EMPTY: Buffer = Buffer.alloc(0);
/** How deep messages may nest, in both directions. */
export const MAX_DEPTH = 100;

/** A reader of one protobuf message. It never reads outside of it, and throws a WireError for malformed bytes. */
export class Reader {
  readonly #bytes: Buffer;
  #pos = 0;
  #end: number;
  #depth = 0;
  /** The halves of the varint that was read last, as signed 32-bit integers. */
  low = 0;
  high = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Whether the message, or the part of it that was entered, is read to its end. */
  get done(): boolean {
    return this.#pos === this.#end;
  }

  /** The next field's tag, or 0 at the end. */
  tag(): number {
    if (this.done) return 0;
    const tag = this.#uint32();
    if (tag < 8) throw new WireError('a field has the number 0');
    return tag;
  }

  /** Enters a length-delimited field; the result goes to `leave` at its end. */
  enter(): number {
    const length = this.#length();
    const outer = this.#end;
    this.#end = this.#pos + length;
    return outer;
  }

  leave(outer: number): void {
    this.#end = outer;
  }

  /** Enters a message; the result goes to `ascend` at its end. */
  descend(): number {
    if (++this.#depth >= MAX_DEPTH) throw new WireError(`more than ${MAX_DEPTH} messages lie in each other`);
    return this.enter();
  }

  ascend(outer: number): void {
    this.#depth--;
    this.leave(outer);
  }

  /** Reads a varint of up to 64 bits into `low` and `high`. */
  varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.done) throw new WireError('a varint runs past its end');
      const byte = this.#bytes[this.#pos++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) {
        low |= bits << shift;
      } else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else {
        high |= bits << (shift - 32);
      }
      if (byte >= 0x80) continue;
      if (shift === 63 && byte > 1) break;
      this.low = low;
      this.high = high;
      return;
    }
    throw new WireError('a varint is longer than 64 bits');
  }

  /** Reads a varint as an unsigned 64-bit integer. */
  uint64(): bigint {
    this.varint();
    const low = BigInt(this.low >>> 0);
    return this.high === 0 ? low : (BigInt(this.high >>> 0) << 32n) | low;
  }

  /** The next 4 or 8 bytes, as a view. */
  fixed(length: 4 | 8): DataView {
    this.#forward(length);
    const { buffer, byteOffset } = this.#bytes;
    return new DataView(buffer, byteOffset + this.#pos - length, length);
  }

  text(): string {
    const length = this.#length();
    this.#pos += length;
    return this.#bytes.toString('utf8', this.#pos - length, this.#pos);
  }

  /** Reads bytes into a Buffer that keeps alive at most twice its size. */
  bytes(): Buffer {
    const length = this.#length();
    if (length === 0) return EMPTY;
    this.#pos += length;
    const view = this.#bytes.subarray(this.#pos - length, this.#pos);
    return length * 2 >= view.buffer.byteLength ? view : Buffer.from(view);
  }

  /** Skips a field. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        return this.varint();
      case 1:
        return this.#forward(8);
      case 2:
        return this.#forward(this.#length());
      case 5:
        return this.#forward(4);
      default:
        throw new WireError(`a field has the wire type ${tag & 7}`);
    }
  }

  #length(): number {
    const length = this.#uint32();
    if (length > this.#end - this.#pos) throw new WireError('a length runs past its end');
    return length;
  }

  #uint32(): number {
    this.varint();
    if (this.high !== 0) throw new WireError('a tag or length is longer than 32 bits');
    return this.low >>> 0;
  }

  #forward(bytes: number): void {
    if (bytes > this.#end - this.#pos) throw new WireError('a field runs past its end');
    this.#pos += bytes;
  }
}
