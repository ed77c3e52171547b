/** Counts by itself, and hands its numbers over. */
export interface Source {
  /** Hands over what it has counted, and sets the gauges. */
  report(): void;
  /** Hands over what it has counted, if no client is left that it counts for. Sets no gauge. */
  settle(): void;
  /** Whether no client is left that it counts for. */
  readonly over: boolean;
}

/** The number of sources up to which those that are over are left for the next report. */
const FEW = 16;

/** The sources of one registry, each until it is over. */
export class Sources {
  readonly #sources: Set<Source> = new Set();
  #many = FEW;

  /** Adds a source that is not there. Sources may come and go without anybody ever reading the metrics. */
  attach(source: Source): void {
    if (this.#sources.has(source)) return;
    if (this.#sources.size >= this.#many) {
      for (const known of this.#sources) known.settle();
      this.#forget();
      this.#many = Math.max(FEW, 2 * this.#sources.size);
    }
    this.#sources.add(source);
  }

  report(): void {
    for (const source of this.#sources) source.report();
    this.#forget();
  }

  #forget(): void {
    for (const source of this.#sources) if (source.over) this.#sources.delete(source);
  }
}
