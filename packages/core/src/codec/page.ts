// What of a message is copied, so that a small part of it does not keep all of it alive.

const EMPTY: Buffer = Buffer.alloc(0);
/** The size of a page. What lies on a store no larger pins nothing worth a copy. */
const PAGE = 8192;

type MakeView = new (store: ArrayBufferLike, offset: number, length: number) => Buffer;
/** The class that Buffers are of: to call it takes half the time of `subarray`. */
const View = (Buffer as unknown as { readonly [Symbol.species]: MakeView })[Symbol.species];

// The page that is being filled, by one message after the other.
let page: Buffer = EMPTY;
let used: number = PAGE;

/**
 * The stretch of a message from which Buffers are made as views: the message itself if its store is small, otherwise a copy
 * on a page. That is one copy for many small parts, and none of them keeps the message alive.
 */
export class Page {
  #message: Buffer = EMPTY;
  #store: ArrayBufferLike = EMPTY.buffer;
  /** What is added to a place in the message for the place in the store. */
  #shift = 0;
  #start = 0;
  #end = 0;

  /** Turns to a message. */
  begin(message: Buffer): void {
    this.#message = message;
    this.#store = message.buffer;
    this.#shift = message.byteOffset;
    this.#start = 0;
    this.#end = message.buffer.byteLength <= PAGE ? message.length : 0;
  }

  /** Lets go of the message. */
  finish(): void {
    this.begin(EMPTY);
  }

  /** Makes the parts between two places in the message views of one page, if they fit in one. */
  hold(start: number, end: number): void {
    if ((start >= this.#start && end <= this.#end) || end - start > PAGE) return;
    if (end - start > PAGE - used) {
      page = Buffer.allocUnsafeSlow(PAGE);
      used = 0;
    }
    const stretch = this.#stretch(end, start + PAGE - used);
    this.#message.copy(page, used, start, stretch);
    this.#store = page.buffer;
    this.#shift = used - start;
    this.#start = start;
    this.#end = stretch;
    used += stretch - start;
  }

  /** The bytes between two places in the message, in a Buffer that keeps no much larger store alive. */
  part(start: number, end: number): Buffer {
    const length = end - start;
    if (length === 0) return EMPTY;
    if (start < this.#start || end > this.#end) {
      if (length > PAGE) return owned(this.#message, start, end);
      this.hold(start, end);
    }
    return new View(this.#store, start + this.#shift, length);
  }

  /** Where the fields end that follow `end` and lie before `limit`. */
  #stretch(end: number, limit: number): number {
    const message = this.#message;
    const last = Math.min(limit, message.length);
    for (let pos = end; ; end = pos) {
      // Text, bytes and messages only: if another field comes, the next stretch begins there.
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

/** A part larger than a page: a view of the message if that keeps alive at most twice its size, otherwise a copy. */
function owned(message: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  if (length * 2 >= message.buffer.byteLength) return message.subarray(start, end);
  const copy = Buffer.allocUnsafeSlow(length);
  message.copy(copy, 0, start, end);
  return copy;
}
