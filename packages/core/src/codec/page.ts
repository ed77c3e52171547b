// Decides which parts of a message are copied, so that a small part does not keep the whole message alive. Parts of a small store, such
// as Node's own pool, are not: a copy would pin a page instead, and the events of a message of 20 KB cost a fifth less without copies.
import { SMALL_STORE, giveBack } from './message-stores.ts';

const EMPTY: Buffer = Buffer.alloc(0);
/** The size of a page in bytes. A part that is larger is copied alone, if it is copied. */
const PAGE = 8192;
/** The size of the pages of a message whose store is large: to make a page takes longer than to fill it. */
const LARGE_PAGE = 32_768;

type MakeView = new (store: ArrayBufferLike, offset: number, length: number) => Buffer;
/** The class of Buffers. A call of it takes half the time of `subarray`. */
const View = (Buffer as unknown as { readonly [Symbol.species]: MakeView })[Symbol.species];

// The current page. One message after the other fills it.
let page: Buffer = EMPTY;
let used = 0;

/**
 * The stretch of a message from which Buffers are made as views. It is the message itself if its store is small, otherwise a
 * copy on a page. That is one copy for many small parts, and none of them keeps the message alive.
 */
export class Page {
  #message: Buffer = EMPTY;
  /** The store of the stretch; `undefined` before the first part of a message, since many messages have none. */
  #store: ArrayBufferLike | undefined;
  /** The distance from a position in the message to the same byte in the store. */
  #shift = 0;
  #start = 0;
  #end = 0;
  /** Whether a part that was handed out is a view of a message whose store is large. */
  #viewed = false;

  /** Starts with a message. */
  begin(message: Buffer): void {
    this.#message = message;
    this.#store = undefined;
    this.#viewed = false;
  }

  /** Lets go of the message. Its memory is given back unless a part is a view of it. */
  finish(): void {
    if (this.#message.length > SMALL_STORE && !this.#viewed) giveBack(this.#message);
    this.#message = EMPTY;
    this.#store = undefined;
  }

  /** Copies the bytes between two positions of the message to one page, if they fit. Parts of them are then views of it. */
  hold(start: number, end: number): void {
    if (this.#store === undefined) this.#open();
    if ((start >= this.#start && end <= this.#end) || end - start > PAGE) return;
    if (end - start > page.length - used) {
      // The last page of a message is no larger than the rest of it.
      page = Buffer.allocUnsafeSlow(Math.max(PAGE, Math.min(LARGE_PAGE, this.#message.length - start)));
      used = 0;
    }
    const stretch = this.#stretch(end, start + page.length - used);
    this.#message.copy(page, used, start, stretch);
    this.#store = page.buffer;
    this.#shift = used - start;
    this.#start = start;
    this.#end = stretch;
    used += stretch - start;
  }

  /** The bytes between two positions of the message, in a Buffer that does not keep a much larger store alive. */
  part(start: number, end: number): Buffer {
    const length = end - start;
    if (length === 0) return EMPTY;
    if (this.#store === undefined) this.#open();
    if (start < this.#start || end > this.#end) {
      if (length > PAGE) return this.#large(start, end);
      this.hold(start, end);
    }
    return new View(this.#store as unknown as ArrayBufferLike, start + this.#shift, length);
  }

  /** A part that is larger than a page: a view of the message if that pins at most twice the part's size, otherwise a copy. */
  #large(start: number, end: number): Buffer {
    const message = this.#message;
    const length = end - start;
    if (length * 2 >= message.buffer.byteLength) {
      this.#viewed = true;
      return message.subarray(start, end);
    }
    const copy = Buffer.allocUnsafeSlow(length);
    message.copy(copy, 0, start, end);
    return copy;
  }

  /** Looks at the store of the message, which costs as much as a small part. */
  #open(): void {
    const message = this.#message;
    const store = message.buffer;
    this.#store = store;
    this.#shift = message.byteOffset;
    this.#start = 0;
    this.#end = store.byteLength <= SMALL_STORE ? message.length : 0;
  }

  /** The position at which the fields that follow `end` and lie before `limit` end. */
  #stretch(end: number, limit: number): number {
    const message = this.#message;
    const last = Math.min(limit, message.length);
    for (let pos = end; ; end = pos) {
      // A stretch holds only text, bytes and messages. At another field, the next stretch begins.
      if (pos + 1 >= last || ((message[pos] as number) & 0x87) !== 2) return end;
      let byte = message[++pos] as number;
      let length = byte & 0x7f;
      for (let shift = 7; byte > 0x7f && shift < 28; shift += 7) {
        byte = message[++pos] as number;
        length |= (byte & 0x7f) << shift;
      }
      pos += 1 + length;
      if (pos > last) return end;
    }
  }
}
