/** The size of a page of etcd's database. */
const PAGE_BYTES = 4_096;
/** The pages that an empty etcd 3.7 uses, and those that are free even after it is defragmented. */
const [USED_PAGES, FREE_PAGES] = [6, 2];

/**
 * The size that the data would have in the database of a real etcd, about. As there, the database grows when data are written, what
 * a compaction frees is written again, and only defragmenting makes the database smaller (server/storage/backend/backend.go).
 */
export class Space {
  #used = 0;
  #highest = 0;

  /** Adds the bytes of data that are written. */
  take(bytes: number): void {
    this.#used += bytes;
    if (this.#used > this.#highest) this.#highest = this.#used;
  }

  /** Frees the bytes of data that are deleted. */
  free(bytes: number): void {
    this.#used -= bytes;
  }

  /** Drops what is free. */
  defragment(): void {
    this.#highest = this.#used;
  }

  /** The size of the database in bytes. */
  get size(): number {
    return (pagesOf(this.#highest) + USED_PAGES + FREE_PAGES) * PAGE_BYTES;
  }

  /** The size of the database without what is free in it, in bytes. */
  get sizeInUse(): number {
    return (pagesOf(this.#used) + USED_PAGES) * PAGE_BYTES;
  }
}

function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}
