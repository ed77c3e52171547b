import type { KeyValue } from '../messages.ts';

/** One change of one key. */
export interface Change {
  /** The revision of the change's transaction. */
  readonly main: number;
  /** The index of the change in that transaction. */
  readonly sub: number;
  /** The key after the change. A delete has only the key and the revision. */
  readonly kv: KeyValue;
  readonly deleted: boolean;
}

/**
 * Every change of one key that is not compacted. A generation begins with the put that creates the key and ends with its delete.
 * The last generation is open, and empty while the key does not exist (mvcc/key_index.go).
 */
export class KeyHistory {
  #generations: Change[][] = [[]];

  /** Adds the latest change. */
  add(change: Change): void {
    this.#generations.at(-1)?.push(change);
    if (change.deleted) this.#generations.push([]);
  }

  /** Returns the last change of the key up to a revision; `undefined` if the key does not exist then. */
  at(revision: number): Change | undefined {
    const last = this.#generations.length - 1;
    for (let i = last; i >= 0; i--) {
      const generation = this.#generations[i] as Change[];
      const [first] = generation;
      if (first === undefined) continue;
      if (i !== last && (generation.at(-1) as Change).main <= revision) return undefined;
      if (first.main <= revision) return latest(generation, revision);
    }
    return undefined;
  }

  /** The changes from a revision on, in order. */
  *since(revision: number): Iterable<Change> {
    for (const generation of this.#generations) {
      for (const change of generation) if (change.main >= revision) yield change;
    }
  }

  /** Drops changes that cannot be read at or after the revision. Returns the last change up to it that is left, if any. */
  compact(revision: number): Change | undefined {
    const [from, kept] = this.#leftBy(revision);
    if (from > 0) this.#generations.splice(0, from);
    const [generation = []] = this.#generations;
    // A copy does not hold the room of what is dropped.
    if (kept !== undefined && kept !== generation[0]) this.#generations[0] = generation.slice(generation.indexOf(kept));
    return kept;
  }

  /** Returns the change that a compaction at the revision would leave of those up to it, if it is no delete (keyIndex.keep). */
  kept(revision: number): Change | undefined {
    const [, kept] = this.#leftBy(revision);
    return kept?.deleted === true ? undefined : kept;
  }

  /** Whether nothing is left of the key. */
  get isEmpty(): boolean {
    return this.#generations.length === 1 && this.#generations[0]?.length === 0;
  }

  /** Finds the first generation that is left after a compaction, and its last change up to the revision. */
  #leftBy(revision: number): [from: number, kept: Change | undefined] {
    const generations = this.#generations;
    let from = 0;
    while (from < generations.length - 1 && ((generations[from] as Change[]).at(-1) as Change).main < revision) from++;
    return [from, latest(generations[from] as Change[], revision)];
  }
}

function latest(generation: readonly Change[], revision: number): Change | undefined {
  return generation.findLast(({ main }) => main <= revision);
}
