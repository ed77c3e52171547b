import { FRAME_PREFIX } from '../frame.ts';
import { invalidArgument } from '../errors.ts';
import { takeRoom } from './room.ts';

const SLAB = 16 * 1024;
/** Bytes that stay free in front of a large field, for the key and the other fields before it. The field is then not moved. */
const ROOM = 4 * 1024;
const scratch = new DataView(new ArrayBuffer(8));

/**
 * Writes protobuf messages from their last byte to their first. The length of a message is known when it must be written, so
 * that nothing is measured or moved. The last field is written first. Frames are cut from a slab of 16 KiB; a frame that was
 * handed out is never written to again.
 */
export class Writer {
  #slab: Buffer = Buffer.alloc(0);
  #pos = 0;
  /** The position at which the current frame ends. */
  #end = 0;

  /** Starts a frame. It drops what an encoder that threw has left. */
  begin(): void {
    // A slab that is larger belongs to one frame, or to a value.
    if (this.#slab.length > SLAB) this.#end = 0;
    this.#pos = this.#end;
  }

  /** Ends the frame: writes the gRPC prefix and hands the bytes out. */
  frame(): Buffer {
    const length = this.#end - this.#pos;
    this.#reserve(FRAME_PREFIX);
    this.#pos -= FRAME_PREFIX;
    this.#slab[this.#pos] = 0;
    this.#slab.writeUInt32BE(length, this.#pos + 1);
    const frame = this.#slab.subarray(this.#pos, this.#end);
    // A slab that was made for one large frame must not stay alive for the small ones after it.
    this.#end = this.#slab.length > SLAB ? 0 : this.#pos;
    return frame;
  }

  /** Writes a bytes field; absent and empty are proto3's default, which is left out. */
  bytes(tag: number, value: Uint8Array | undefined): void {
    if (value !== undefined && value.length > 0) this.#bytes(tag, value);
  }

  /** Writes a bytes field of a oneof, where empty is not absent. */
  presentBytes(tag: number, value: Uint8Array): void {
    this.#bytes(tag, value);
  }

  /**
   * Writes a bytes field at the end of the frame without a copy: the frame is built in the room in front of the value. Returns false,
   * and writes nothing, if the value has no room or if something is written behind it.
   */
  around(tag: number, value: Uint8Array | undefined): boolean {
    const store = this.#pos === this.#end ? takeRoom(value) : undefined;
    if (store === undefined || value === undefined) return false;
    this.#slab = store;
    this.#end = store.length;
    this.#pos = store.length - value.length;
    this.#varint(value.length, 0);
    this.#varint(tag, 0);
    return true;
  }

  bool(tag: number, value: boolean | undefined): void {
    if (value !== true) return;
    this.#varint(1, 0);
    this.#varint(tag, 0);
  }

  /** Writes an int64 field; absent and 0 are left out. */
  int64(tag: number, value: bigint | number | undefined): void {
    if (value !== undefined && value !== 0 && value !== 0n) this.presentInt64(tag, value);
  }

  /** Writes an int64 field of a oneof, where 0 is not absent. */
  presentInt64(tag: number, value: bigint | number): void {
    const number = Number(value);
    if (Number.isSafeInteger(number) && number >= 0) {
      this.#varint(number >>> 0, Math.floor(number / 0x1_0000_0000));
    } else {
      if (typeof value === 'number' && !Number.isSafeInteger(value)) throw outOfRange(value);
      scratch.setBigInt64(0, BigInt(value), true);
      if (scratch.getBigInt64(0, true) !== BigInt(value)) throw outOfRange(value);
      this.#varint(scratch.getUint32(0, true), scratch.getUint32(4, true));
    }
    this.#varint(tag, 0);
  }

  /** Writes an enum field as the index of `word` in `words`; absent and the first are left out. */
  word<W extends string>(tag: number, words: readonly W[], word: W | undefined, name: string): void {
    if (word === undefined) return;
    const number = wordNumber(words, word, name);
    if (number === 0) return;
    this.#varint(number, 0);
    this.#varint(tag, 0);
  }

  /** Writes a packed repeated enum field. */
  packedWords<W extends string>(tag: number, words: readonly W[], list: readonly W[] | undefined, name: string): void {
    if (list === undefined || list.length === 0) return;
    const end = this.mark();
    for (let i = list.length - 1; i >= 0; i--) this.#varint(wordNumber(words, list[i] as W, name), 0);
    this.message(tag, end);
  }

  /** The position at which the next submessage ends. */
  mark(): number {
    return this.#end - this.#pos;
  }

  /** Closes the submessage whose fields were written since `mark()`. */
  message(tag: number, mark: number): void {
    this.#varint(this.#end - this.#pos - mark, 0);
    this.#varint(tag, 0);
  }

  #bytes(tag: number, value: Uint8Array): void {
    this.#reserve(value.length);
    this.#pos -= value.length;
    this.#slab.set(value, this.#pos);
    this.#varint(value.length, 0);
    this.#varint(tag, 0);
  }

  /** Writes a varint given as two unsigned halves. */
  #varint(low: number, high: number): void {
    if (this.#pos < 10) this.#reserve(10);
    if (high === 0 && low < 0x80) {
      this.#slab[--this.#pos] = low;
      return;
    }
    const bits = high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high);
    this.#pos -= Math.ceil(bits / 7);
    let at = this.#pos;
    while (high !== 0 || low > 0x7f) {
      this.#slab[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#slab[at] = low;
  }

  #reserve(bytes: number): void {
    if (this.#pos >= bytes) return;
    const used = this.#end - this.#pos;
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB, used + bytes + ROOM, 2 * used));
    this.#slab.copy(slab, slab.length - used, this.#pos, this.#end);
    this.#slab = slab;
    this.#end = slab.length;
    this.#pos = slab.length - used;
  }
}

/** The index of an enum's word in its list, which is its number. Another word is refused. */
export function wordNumber<W extends string>(words: readonly W[], word: W, name: string): number {
  const number = words.indexOf(word);
  if (number < 0) throw invalidArgument(name, `must be one of ${words.join(', ')}`);
  return number;
}

function outOfRange(value: bigint | number): Error {
  return invalidArgument('request', `holds ${value} where a signed 64-bit integer belongs`);
}
