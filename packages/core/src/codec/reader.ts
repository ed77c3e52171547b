import { EtcdError } from '../errors.ts';
import { signed, unsigned } from './int64.ts';
import { Page } from './page.ts';

const NONE: Buffer = Buffer.alloc(0);

/**
 * A reader of protobuf messages, one after the other. A new reader for each message would be as much garbage as a small
 * message. It never reads outside its message, and throws an EtcdError for a malformed one.
 */
export class Reader {
  bytes: Buffer = NONE;
  pos = 0;
  end = 0;
  /** The two halves of the varint read last, as signed 32-bit integers. */
  low = 0;
  high = 0;
  #message = '';
  readonly #page: Page = new Page();

  /** Starts with a message; `name` is its name in errors. */
  begin(message: Buffer, name: string): this {
    this.bytes = message;
    this.pos = 0;
    this.end = message.length;
    this.#page.begin(message);
    this.#message = name;
    return this;
  }

  /** Lets go of the message. */
  finish(): void {
    this.bytes = NONE;
    this.#page.finish();
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
    // V8 keeps the result of a multiplication as a number on the heap: 16 bytes in each object that holds it. A small integer takes none.
    return this.high === 0 && this.low >= 0 ? this.low : this.high * 0x1_0000_0000 + (this.low >>> 0);
  }

  int64(): bigint {
    this.varint();
    return signed(this.low, this.high);
  }

  uint64(): bigint {
    this.varint();
    return unsigned(this.low, this.high);
  }

  /** Puts the bytes fields of the entered submessage on one page, if they fit. */
  keep(): void {
    this.#page.hold(this.pos, this.end);
  }

  /** The bytes between two positions of the message, in a Buffer that does not keep a much larger one alive. */
  part(start: number, end: number): Buffer {
    return this.#page.part(start, end);
  }

  /** Reads a bytes field into a Buffer that does not keep a much larger one alive. */
  kept(): Buffer {
    const length = this.length();
    this.pos += length;
    return this.#page.part(this.pos - length, this.pos);
  }

  text(): string {
    const length = this.length();
    this.pos += length;
    return this.bytes.toString('utf8', this.pos - length, this.pos);
  }

  /** Skips an unknown field. */
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
    const { bytes, pos } = this;
    // Most varints have up to four bytes. Without a loop these cost half.
    if (this.end - pos < 4) return this.#varint();
    const first = bytes[pos] as number;
    if (first < 0x80) return this.#took(pos + 1, first, 0);
    const second = bytes[pos + 1] as number;
    const two = (first & 0x7f) | ((second & 0x7f) << 7);
    if (second < 0x80) return this.#took(pos + 2, two, 0);
    const third = bytes[pos + 2] as number;
    const three = two | ((third & 0x7f) << 14);
    if (third < 0x80) return this.#took(pos + 3, three, 0);
    const fourth = bytes[pos + 3] as number;
    if (fourth < 0x80) return this.#took(pos + 4, three | (fourth << 21), 0);
    this.#varint();
  }

  #varint(): void {
    const { bytes, end } = this;
    let { pos } = this;
    let low = 0;
    let high = 0;
    let shift = 0;
    for (; shift < 28; shift += 7) {
      if (pos >= end) throw this.malformed('a varint runs past its end');
      const byte = bytes[pos++] as number;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return this.#took(pos, low, 0);
    }
    for (; shift < 70; shift += 7) {
      if (pos >= end) throw this.malformed('a varint runs past its end');
      const byte = bytes[pos++] as number;
      const bits = byte & 0x7f;
      if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else {
        high |= bits << (shift - 32);
      }
      if (byte >= 0x80) continue;
      if (shift === 63 && byte > 1) break;
      return this.#took(pos, low, high);
    }
    throw this.malformed('a varint is longer than 64 bits');
  }

  #took(pos: number, low: number, high: number): void {
    this.pos = pos;
    this.low = low;
    this.high = high;
  }

  /** The error for a message that etcd would never send. */
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

/** The error for a message that etcd would never send. */
export function malformed(message: string, what: string): EtcdError {
  return new EtcdError({
    code: 'INTERNAL',
    message: `malformed ${message} from the server: ${what}`,
    outcome: 'unknown',
  });
}
