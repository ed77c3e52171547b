/** A watch that holds no more than this is never parked for what the others hold. */
const SMALL_BYTES = 16 * 1024;

/** The bounds that all watches of one client have in common, in bytes. */
export interface WatchLimits {
  /** How much may wait for slow readers in all. */
  readonly watchBufferBytes: number;
  /** The largest response, whole or in parts. */
  readonly maxReceiveBytes: number;
  /** The largest request. */
  readonly maxSendBytes: number;
}

/** What the watches of one client hold for their readers, all together. */
export class WatchBuffers {
  /** Bytes of what was received and not read yet. */
  bytes = 0;
  readonly maxReceiveBytes: number;
  readonly #limit: number;

  constructor({ watchBufferBytes, maxReceiveBytes }: Pick<WatchLimits, 'watchBufferBytes' | 'maxReceiveBytes'>) {
    this.#limit = watchBufferBytes;
    this.maxReceiveBytes = maxReceiveBytes;
  }

  /** Whether a watch that holds so many bytes is too much for the client, so that the one with the most is parked. */
  isFull(own: number): boolean {
    return own > SMALL_BYTES && this.bytes > this.#limit;
  }

  /** Whether there is room for a parked watch that holds so many bytes. Half of the bound, so that it does not come and go. */
  hasRoom(own: number): boolean {
    return own <= SMALL_BYTES / 2 || this.bytes <= this.#limit / 2;
  }

  /** Whether one revision, which cannot be split, is more than the client may receive, by itself or with what it holds. */
  isTooLarge(revision: number): boolean {
    const { maxReceiveBytes } = this;
    return revision > maxReceiveBytes || (revision > SMALL_BYTES && this.bytes > maxReceiveBytes + this.#limit);
  }
}
