import type { WatchResponse } from '@etcdts/core';

/** What a read of a watch resolves with. */
export type Given = IteratorYieldResult<WatchResponse>;

/**
 * What the last change of a copy gives, made once for all watches with the same request that had everything before: a thousand of them
 * may be given it, and each object of their own would cost as much as the rest.
 */
export class SharedResults {
  #version = -1;
  readonly #made: Map<string, Given | undefined> = new Map();

  /** The result of the change that made this version, for requests of one kind; `undefined` if it is nothing that they watch. */
  of(version: number, kind: string, make: () => Given | undefined): Given | undefined {
    if (version !== this.#version) {
      this.#made.clear();
      this.#version = version;
    }
    let result = this.#made.get(kind);
    if (result === undefined && !this.#made.has(kind)) this.#made.set(kind, (result = make()));
    return result;
  }
}
