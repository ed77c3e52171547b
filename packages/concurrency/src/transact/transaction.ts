import type { Bytes, KeyValue, RangeForms } from '@etcdts/core';

/** Options of `Transaction.put`. */
export interface TransactionPutOptions {
  /** The lease of the key. Without one the key stays, and is detached from an earlier lease. */
  lease?: bigint | number | undefined;
}

/**
 * The view that one run of a body has of etcd (concurrency/stm.go `STM`). Reads remember what they saw, writes wait for the commit.
 *
 * It ends with the run: later calls fail with `FAILED_PRECONDITION`. If a read fails, nothing is written, even if the body catches
 * the error. Its methods need no `this`: `const { get, put } = tx` works.
 */
export interface Transaction {
  /** The number of this run of the body, from 1. */
  readonly attempt: number;
  /**
   * Reads a key; a missing one is `undefined`. A key that this run has written reads as written, with revisions and version 0,
   * since the commit decides on them; one that it has deleted is missing. Each key is read once.
   */
  get(key: Bytes): Promise<KeyValue | undefined>;
  /** Reads several keys in one request, and answers for each of them, in order. Costs no request if all were read before. */
  getAll(keys: readonly Bytes[]): Promise<readonly (KeyValue | undefined)[]>;
  /**
   * Reads a range in the order of its keys, with what this run has written. A commit that compares reads also fails if a key was
   * added to the range. At most 100 keys, each of which is a condition of the commit: with more, `TOO_MANY_OPS`.
   */
  range(key: Bytes, forms: RangeForms): Promise<readonly KeyValue[]>;
  /** Writes a key at the commit. The last write of a key counts. */
  put(key: Bytes, value: Bytes, options?: TransactionPutOptions): void;
  /** Deletes a key at the commit. */
  delete(key: Bytes): void;
}
