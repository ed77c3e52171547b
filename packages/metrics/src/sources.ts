/** Something that keeps counts of its own and reports them. */
export interface Source {
  /** Reports its counts and sets the gauges. */
  report(): void;
  /** Reports its counts if all its clients are closed. It sets no gauge. */
  settle(): void;
  /** Whether all its clients are closed. */
  readonly over: boolean;
}

/** The number of sources up to which those that are over stay until the next report. */
const FEW = 16;

/** The sources of one registry, each until it is over. */
export class Sources {
  readonly #sources: Set<Source> = new Set();
  #many = FEW;

  /** Adds a source, unless it is there. Sources may come and go while the metrics are never read. */
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
