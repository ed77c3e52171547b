import { EtcdError } from '../errors.ts';

const scratch = new DataView(new ArrayBuffer(8));
const EMPTY: Buffer = Buffer.alloc(0);
/** What is no longer than this is copied out of a larger buffer rather than keeping it alive. */
const SMALL = 4096;
/** Buffers on backing stores up to this size (Node's own pool has 8 KiB) pin nothing worth a copy. */
const SMALL_STORE = 8192;

/** A reader over one protobuf message. It never reads outside it, and refuses what is malformed with an EtcdError. */
export class Reader {
  readonly bytes: Buffer;
  pos: number;
  end: number;
  /** The two halves of the varint read last, as signed 32-bit integers. */
  low = 0;
  high = 0;
  readonly #message: string;

  constructor(bytes: Buffer, pos: number, end: number, message: string) {
    this.bytes = bytes;
    this.pos = pos;
    this.end = end;
    this.#message = message;
  }

  /** The next field's tag, or 0 at the end of the message. */
  tag(): number {
    if (this.pos === this.end) return 0;
    const tag = this.#uint32();
    if (tag < 8) throw this.malformed('a field has the number 0');
    return tag;
  }

  /** Reads a length-delimited field's length, checked against the message's end. */
  length(): number {
    const length = this.#uint32();
    if (length > this.end - this.pos) throw this.malformed('a length runs past its end');
    return length;
  }

  /** Enters a submessage; the result goes to `leave` once it has been read to its end. */
  enter(): number {
    const length = this.length();
    const outer = this.end;
    this.end = this.pos + length;
    return outer;
  }

  leave(outer: number): void {
    this.end = outer;
  }

  bool(): boolean {
    this.varint();
    return (this.low | this.high) !== 0;
  }

  /** Reads an int64 as a number: exact up to 2^53, the nearest beyond. */
  number(): number {
    this.varint();
    return this.high * 0x1_0000_0000 + (this.low >>> 0);
  }

  /** Reads an int64, as a bigint only where a number could not hold it. */
  int64(): number | bigint {
    const number = this.number();
    return Number.isSafeInteger(number) ? number : signed(this.low, this.high);
  }

  /** Reads a bytes field that does not keep a much larger buffer alive. */
  owned(): Buffer {
    const length = this.length();
    this.pos += length;
    return owned(this.bytes, this.pos - length, this.pos);
  }

  text(): string {
    const length = this.length();
    this.pos += length;
    return this.bytes.toString('utf8', this.pos - length, this.pos);
  }

  /** Passes over a field that this client does not know. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#forward(8);
        return;
      case 2:
        this.#forward(this.length());
        return;
      case 5:
        this.#forward(4);
        return;
      default:
        throw this.malformed(`a field has the wire type ${tag & 7}`);
    }
  }

  /** Reads a varint of up to 64 bits into `low` and `high`. */
  varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.pos >= this.end) throw this.malformed('a varint runs past its end');
      const byte = this.bytes[this.pos++] as number;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) {
        if (shift === 63 && byte > 1) break;
        this.low = low;
        this.high = high;
        return;
      }
    }
    throw this.malformed('a varint is longer than 64 bits');
  }

  /** The error for what etcd would never send. */
  malformed(what: string): EtcdError {
    return malformed(this.#message, what);
  }

  #uint32(): number {
    if (this.pos < this.end) {
      const byte = this.bytes[this.pos] as number;
      if (byte < 0x80) {
        this.pos++;
        return byte;
      }
    }
    this.varint();
    if (this.high !== 0) throw this.malformed('a tag or length is longer than 32 bits');
    return this.low >>> 0;
  }

  #forward(bytes: number): void {
    if (bytes > this.end - this.pos) throw this.malformed('a field runs past its end');
    this.pos += bytes;
  }
}

/** A varint's halves as a signed 64-bit integer. */
export function signed(low: number, high: number): bigint {
  scratch.setInt32(0, low, true);
  scratch.setInt32(4, high, true);
  return scratch.getBigInt64(0, true);
}

/** A varint's halves as an unsigned 64-bit integer. */
export function unsigned(low: number, high: number): bigint {
  scratch.setInt32(0, low, true);
  scratch.setInt32(4, high, true);
  return scratch.getBigUint64(0, true);
}

/** Part of a message: a view of it where that keeps alive less than twice its size or a few KiB, otherwise a copy. */
export function owned(bytes: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  if (length === 0) return EMPTY;
  const store = bytes.buffer.byteLength;
  if (store <= SMALL_STORE || (length > SMALL && length * 2 >= store)) return bytes.subarray(start, end);
  const copy = Buffer.allocUnsafe(length);
  bytes.copy(copy, 0, start, end);
  return copy;
}

/** The message itself, or a copy of a small one that would keep a far larger chunk alive. */
export function unpinned(message: Buffer): Buffer {
  return message.length <= SMALL && message.buffer.byteLength > 2 * SMALL_STORE ? Buffer.from(message) : message;
}

/** The error for a message that etcd would never send. */
export function malformed(message: string, what: string): EtcdError {
  return new EtcdError({
    code: 'INTERNAL',
    message: `malformed ${message} from the server: ${what}`,
    grpcCode: 13,
    outcome: 'unknown',
  });
}
