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
    const generations = this.#generations;
    let from = 0;
    while (from < generations.length - 1 && ((generations[from] as Change[]).at(-1) as Change).main < revision) from++;
    const generation = generations[from] as Change[];
    const kept = latest(generation, revision);
    if (kept !== undefined) generation.splice(0, generation.indexOf(kept));
    generations.splice(0, from);
    return kept;
  }

  /** Whether nothing is left of the key. */
  get isEmpty(): boolean {
    return this.#generations.length === 1 && this.#generations[0]?.length === 0;
  }
}

function latest(generation: readonly Change[], revision: number): Change | undefined {
  return generation.findLast(({ main }) => main <= revision);
}
