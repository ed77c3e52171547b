import type { WatchResponse } from '@etcdts/core';

/** What a read of a watch resolves with. */
export type Given = IteratorYieldResult<WatchResponse>;

/**
 * What has happened since one revision, made once for all watches with the same request: a thousand of them may be given it, and each
 * object of their own would cost as much as the rest.
 */
export class SharedResults {
  #after = -1n;
  #upTo = -1n;
  readonly #made: Map<string, Given | undefined> = new Map();

  /** The result for requests of one kind; `undefined` if nothing has happened that they watch. */
  of(after: bigint, upTo: bigint, kind: string, make: () => Given | undefined): Given | undefined {
    if (after !== this.#after || upTo !== this.#upTo) {
      this.#made.clear();
      [this.#after, this.#upTo] = [after, upTo];
    }
    let result = this.#made.get(kind);
    if (result === undefined && !this.#made.has(kind)) this.#made.set(kind, (result = make()));
    return result;
  }
}
