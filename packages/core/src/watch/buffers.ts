/** The size in bytes up to which a watch is never parked because of other watches. */
const SMALL_BYTES = 16 * 1024;

/** The bounds of all watches of one client together, in bytes. */
export interface WatchLimits {
  /** How much may wait for slow readers in total. */
  readonly watchBufferBytes: number;
  /** The largest response, whole or in parts. */
  readonly maxReceiveBytes: number;
  /** The largest request. */
  readonly maxSendBytes: number;
}

/** The bytes that all watches of one client hold for their readers. */
export class WatchBuffers {
  /** Bytes that were received and are not read yet. */
  bytes = 0;
  readonly maxReceiveBytes: number;
  readonly #limit: number;

  constructor({ watchBufferBytes, maxReceiveBytes }: Pick<WatchLimits, 'watchBufferBytes' | 'maxReceiveBytes'>) {
    this.#limit = watchBufferBytes;
    this.maxReceiveBytes = maxReceiveBytes;
  }

  /** Whether a watch with `own` bytes is too much for the client, so that the watch with the most bytes is parked. */
  isFull(own: number): boolean {
    return own > SMALL_BYTES && this.bytes > this.#limit;
  }

  /** Whether there is room for a parked watch with `own` bytes. Half of the bound must be free, to avoid parking it again at once. */
  hasRoom(own: number): boolean {
    return own <= SMALL_BYTES / 2 || this.bytes <= this.#limit / 2;
  }

  /** Whether one revision, which cannot be split, is more than the client may receive, alone or with what it holds. */
  isTooLarge(revision: number): boolean {
    const { maxReceiveBytes } = this;
    return revision > maxReceiveBytes || (revision > SMALL_BYTES && this.bytes > maxReceiveBytes + this.#limit);
  }
}
