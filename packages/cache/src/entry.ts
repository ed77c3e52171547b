import type { KeyValue } from '@etcdts/core';

/** A key of a copy: as it is in etcd, and what `parse` made of it. */
export interface Entry<T> {
  readonly kv: KeyValue;
  /** `undefined` unless it is valid. */
  readonly value: T | undefined;
  /** Whether it could be parsed. A key that could not is left out of all that is typed. */
  readonly valid: boolean;
}

/** What happened to one key at one revision. */
export interface Delta<T> {
  readonly place: string;
  readonly before: Entry<T> | undefined;
  /** `undefined` if the key was deleted. */
  readonly after: Entry<T> | undefined;
  readonly revision: bigint;
}

/** Called with what `parse` threw, and the key value that it threw for. */
export type ParseFailure = (error: unknown, kv: KeyValue) => void;

/** Makes entries. What cannot be parsed is reported, once for each version of a key. */
export class Entries<T> {
  readonly #parse: ((kv: KeyValue) => T) | undefined;
  readonly #failed: ParseFailure;

  constructor(parse: ((kv: KeyValue) => T) | undefined, failed: ParseFailure) {
    this.#parse = parse;
    this.#failed = failed;
  }

  of(kv: KeyValue): Entry<T> {
    if (this.#parse === undefined) return { kv, value: kv as T, valid: true };
    try {
      return { kv, value: this.#parse(kv), valid: true };
    } catch (error) {
      this.#failed(error, kv);
      return { kv, value: undefined, valid: false };
    }
  }
}

/** Whether two entries are one version of a key, in one store. */
export function isSameVersion<T>({ kv: a }: Entry<T>, { kv: b }: Entry<T>): boolean {
  return a.modRevision === b.modRevision && a.createRevision === b.createRevision;
}

/** Whether two entries are equal, also if they come from two stores, whose revisions mean nothing to each other. */
export function isSameKeyValue<T>(a: Entry<T>, b: Entry<T>): boolean {
  return (
    isSameVersion(a, b) && a.kv.version === b.kv.version && a.kv.lease === b.kv.lease && a.kv.value.equals(b.kv.value)
  );
}
