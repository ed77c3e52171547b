import type { Keys, Kv, Revision } from '../history.ts';

/** A key from one revision on, until its next version: its value, or `undefined` where it was deleted. */
interface Version {
  readonly revision: number;
  readonly kv: Kv | undefined;
}

/** The store at every revision, built from the truth. */
export class Store {
  readonly revisions: readonly Revision[];
  /** The last revision that has events. */
  readonly last: number;
  readonly #keys: Map<string, Version[]> = new Map();
  readonly #sorted: readonly string[];
  readonly #at: Map<number, Revision> = new Map();

  constructor(revisions: readonly Revision[]) {
    this.revisions = revisions;
    this.last = revisions.at(-1)?.revision ?? 1;
    for (const one of revisions) {
      this.#at.set(one.revision, one);
      for (const { type, kv } of one.events) {
        let versions = this.#keys.get(kv.key);
        if (versions === undefined) this.#keys.set(kv.key, (versions = []));
        versions.push({ revision: one.revision, kv: type === 'put' ? kv : undefined });
      }
    }
    this.#sorted = [...this.#keys.keys()].sort();
  }

  /** The events of a revision; `undefined` if it has none. */
  at(revision: number): Revision | undefined {
    return this.#at.get(revision);
  }

  /** The index in `revisions` of the first one from a revision on. */
  indexFrom(revision: number): number {
    let [low, high] = [0, this.revisions.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.revisions[middle] as Revision).revision < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A key as it was at a revision. */
  get(key: string, revision: number): Kv | undefined {
    const versions = this.#keys.get(key);
    return versions === undefined ? undefined : versions[lastUpTo(versions, revision)]?.kv;
  }

  /** The keys of a range as they were at a revision, in order. */
  range({ key, end }: Keys, revision: number): Kv[] {
    if (end === undefined) {
      const one = this.get(key, revision);
      return one === undefined ? [] : [one];
    }
    const found: Kv[] = [];
    for (let i = firstFrom(this.#sorted, key); i < this.#sorted.length; i++) {
      const name = this.#sorted[i] as string;
      if (name >= end) break;
      const kv = this.get(name, revision);
      if (kv !== undefined) found.push(kv);
    }
    return found;
  }
}

export function isWithin({ key, end }: Keys, name: string): boolean {
  return end === undefined ? name === key : name >= key && name < end;
}

/** The index of the last version at or before a revision; -1 if there is none. */
function lastUpTo(versions: readonly Version[], revision: number): number {
  let [low, high] = [0, versions.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((versions[middle] as Version).revision <= revision) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function firstFrom(sorted: readonly string[], key: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
