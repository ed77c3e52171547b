/** A watch that holds no more than this is never parked for what the others hold. */
const SMALL_BYTES = 16 * 1024;

/** What the watches of one client hold for their readers, all together. */
export class WatchBuffers {
  /** Bytes of what was received and not read yet. */
  bytes = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a watch that holds so many bytes is too much for the client, so that the one with the most is parked. */
  isFull(own: number): boolean {
    return own > SMALL_BYTES && this.bytes > this.#limit;
  }

  /** Whether there is room for a parked watch that holds so many bytes. Half of the bound, so that it does not come and go. */
  hasRoom(own: number): boolean {
    return own <= SMALL_BYTES / 2 || this.bytes <= this.#limit / 2;
  }
}
