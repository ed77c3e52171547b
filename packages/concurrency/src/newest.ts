/** The failure that ends an iteration. The reason may be anything, such as that of an aborted signal. */
export interface Failure {
  readonly reason: unknown;
}

/** How much `Newest` holds for a reader that is behind. The newest item stays, whatever its size. */
export interface NewestLimits {
  readonly items: number;
  readonly bytes: number;
}

interface Entry<T> {
  readonly item: T;
  readonly size: number;
}

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(reason: unknown): void;
}

/**
 * What lies between a source that pushes and a reader that pulls, for items of which the newest counts: in order, and bounded. If
 * the reader is too far behind, the oldest items are left out.
 */
export class Newest<T> {
  readonly #limits: NewestLimits;
  readonly #entries: Entry<T>[] = [];
  readonly #readers: Reader<T>[] = [];
  #bytes = 0;
  /** The failure is dropped when it was read. */
  #end: { failure: Failure | undefined } | undefined;

  constructor(limits: NewestLimits) {
    this.#limits = limits;
  }

  push(item: T, size: number): void {
    if (this.#end !== undefined) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader.resolve({ value: item, done: false });
    this.#entries.push({ item, size });
    this.#bytes += size;
    while (this.#entries.length > 1 && this.#isOver()) this.#take();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const entry = this.#take();
    if (entry !== undefined) return Promise.resolve({ value: entry.item, done: false });
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      this.#settle();
    });
  }

  /** Ends the items: the reader gets those that are here, then the failure once, then the end. */
  finish(failure?: Failure): void {
    this.#end ??= { failure };
    this.#settle();
  }

  /** Ends at once and drops the items that are here. It replaces an earlier end that no reader has got. */
  stop(failure?: Failure): void {
    this.#entries.length = 0;
    this.#bytes = 0;
    this.#end = { failure };
    this.#settle();
  }

  #settle(): void {
    if (this.#end === undefined) return;
    for (const reader of this.#readers.splice(0)) {
      const { failure } = this.#end;
      this.#end.failure = undefined;
      if (failure === undefined) reader.resolve({ value: undefined, done: true });
      else reader.reject(failure.reason);
    }
  }

  #take(): Entry<T> | undefined {
    const entry = this.#entries.shift();
    this.#bytes -= entry?.size ?? 0;
    return entry;
  }

  #isOver(): boolean {
    return this.#entries.length > this.#limits.items || this.#bytes > this.#limits.bytes;
  }
}
