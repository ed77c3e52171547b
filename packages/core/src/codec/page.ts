// What of a message is copied, so that a small part of it does not keep all of it alive.

const EMPTY: Buffer = Buffer.alloc(0);
/** What is no longer than this is copied out of a larger buffer rather than keeping it alive. */
const SMALL = 4096;
/** The size of a page, and of Node's own pool: what lies on a backing store no larger pins nothing worth a copy. */
export const PAGE = 8192;

/**
 * A stretch of a message in which lazy parts lie. The first part that is taken out copies the whole stretch, 8 KiB at
 * most, out of a larger message: one copy for many small parts, none of which keeps the message alive after it.
 */
export class Page {
  bytes: Buffer;
  /** The place in the message at which `bytes` begins. */
  base = 0;
  readonly start: number;
  end: number;
  #detached = false;
  /** Whether `bytes` lies on a store so small that views of it will do. */
  #small = false;

  constructor(message: Buffer, start: number) {
    this.bytes = message;
    this.start = start;
    this.end = start;
  }

  /** Leaves the message, unless this is a single part too large to be copied. */
  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    const length = this.end - this.start;
    this.#small = this.bytes.buffer.byteLength <= PAGE;
    if (this.#small || length > PAGE) return;
    const copy = Buffer.allocUnsafeSlow(length);
    this.bytes.copy(copy, 0, this.start, this.end);
    this.bytes = copy;
    this.base = this.start;
    this.#small = true;
  }

  /** What lies between two places in `bytes`, and keeps no message alive; after `detach`. */
  part(start: number, end: number): Buffer {
    if (start === end) return EMPTY;
    return this.#small ? this.bytes.subarray(start, end) : owned(this.bytes, start, end);
  }
}

/** Part of a message: a view of it where that keeps alive less than twice its size or a few KiB, otherwise a copy. */
export function owned(bytes: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  if (length === 0) return EMPTY;
  const store = bytes.buffer.byteLength;
  if (store <= PAGE || (length > SMALL && length * 2 >= store)) return bytes.subarray(start, end);
  const copy = Buffer.allocUnsafe(length);
  bytes.copy(copy, 0, start, end);
  return copy;
}

/** The message itself, or a copy of a small one that would keep a far larger chunk alive. */
export function unpinned(message: Buffer): Buffer {
  return message.length <= SMALL && message.buffer.byteLength > 2 * PAGE ? Buffer.from(message) : message;
}
