import { MAX_DEPTH } from './reader.ts';

/** The error for a value that a field cannot hold. It names the field and the type of the value, never the value. */
export class ValueError extends TypeError {
  override readonly name = 'ValueError';
  readonly #path: string;
  readonly #what: string;

  constructor(what: string, path = '') {
    super(path === '' ? what : `${path} ${what}`);
    this.#path = path;
    this.#what = what;
  }

  /** Returns the same error, one field further out. */
  within(field: string): ValueError {
    return new ValueError(this.#what, this.#path === '' ? field : `${field}.${this.#path}`);
  }
}

/**
 * Writes one protobuf message from its last byte to its first, so that a length is known when it is written. The last field, and
 * the last value of a repeated one, is written first, and each value before its tag.
 */
export class Writer {
  #buffer: Buffer = Buffer.allocUnsafe(128);
  #pos: number = this.#buffer.length;
  #depth = 0;

  /** The number of written bytes. */
  get length(): number {
    return this.#buffer.length - this.#pos;
  }

  /** Returns the written bytes. */
  finish(): Buffer {
    return this.#buffer.subarray(this.#pos);
  }

  /** Goes one message deeper. Throws for messages that form a circle. */
  descend(): void {
    if (++this.#depth > MAX_DEPTH) throw new ValueError(`must have at most ${MAX_DEPTH} messages in each other`);
  }

  ascend(): void {
    this.#depth--;
  }

  /** Writes a varint that is given as two unsigned halves. */
  varint(low: number, high = 0): void {
    const bits = high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high);
    this.#reserve(Math.max(1, Math.ceil(bits / 7)));
    let at = this.#pos;
    while (high !== 0 || low > 0x7f) {
      this.#buffer[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#buffer[at] = low;
  }

  /** Writes 64 bits as a varint. */
  uint64(value: bigint): void {
    this.varint(Number(value & 0xffff_ffffn), Number(value >> 32n));
  }

  /** Makes room for 4 or 8 bytes, which the caller fills. */
  fixed(length: 4 | 8): DataView {
    this.#reserve(length);
    return new DataView(this.#buffer.buffer, this.#buffer.byteOffset + this.#pos, length);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#pos);
    this.varint(value.length);
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#buffer.write(value, this.#pos);
    this.varint(length);
  }

  /** Writes the length of all that was written since `length` was `before`. */
  delimit(before: number): void {
    this.varint(this.length - before);
  }

  #reserve(bytes: number): void {
    if (this.#pos < bytes) {
      const used = this.length;
      const larger = Buffer.allocUnsafe(2 * used + bytes + 128);
      this.#buffer.copy(larger, larger.length - used, this.#pos);
      this.#buffer = larger;
      this.#pos = larger.length - used;
    }
    this.#pos -= bytes;
  }
}
