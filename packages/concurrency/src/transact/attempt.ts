import { EtcdError, isEtcdError, op, type Bytes, type KeyValue, type RangeForms } from '@etcdts/core';
import { checkOptions, invalidArgument, toKey, toRange, withFields } from '@etcdts/core/plugin';
import { idOf, type ReadSet } from './read-set.ts';
import { Reader, type Carried, type ReaderParts } from './reader.ts';
import type { Transaction, TransactionPutOptions } from './transaction.ts';
import { WriteSet } from './write-set.ts';

/** One run of the body: what it has read, what it writes, and how its reads have failed. */
export class Attempt {
  readonly number: number;
  /** What the body uses. */
  readonly tx: Transaction;
  readonly writes: WriteSet = new WriteSet();
  readonly #reader: Reader;
  #pending = 0;
  #failure: { readonly error: unknown } | undefined;
  #compacted: EtcdError | undefined;
  #ended: string | undefined;

  constructor(number: number, parts: ReaderParts, carried: Carried | undefined) {
    this.number = number;
    this.#reader = new Reader(parts, carried);
    this.tx = {
      attempt: number,
      get: (key) => this.#read(async () => (await this.#get([toKey(key, 'key')]))[0]),
      getAll: (keys) => this.#read(() => this.#get(toKeys(keys, 'keys'))),
      range: (key, forms) => this.#read(() => this.#range(key, forms)),
      put: (key, value, options) => this.#put(key, value, options),
      delete: (key, ...rest: readonly unknown[]) => this.#delete(key, rest[0]),
    };
  }

  get reads(): ReadSet {
    return this.#reader.set;
  }

  /** The failure of the first read that failed; `undefined` if none did. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Set if a read failed because the revision of this attempt was compacted. */
  get compacted(): EtcdError | undefined {
    return this.#compacted;
  }

  /** The number of reads that have not settled. */
  get pending(): number {
    return this.#pending;
  }

  /** Reads keys ahead of the body. */
  async prefetch(keys: readonly Buffer[]): Promise<void> {
    await this.#read(() => this.#reader.keys(keys));
  }

  /** Ends the use of `tx`, for a reason that later calls are refused with. */
  end(reason: string): void {
    this.#ended = reason;
  }

  /** Runs a read, and notes how it ends: the body may forget to await it, or catch its failure. */
  #read<T>(read: () => Promise<T>): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#tooLate());
    this.#pending++;
    const work = this.#noted(read);
    work.catch(() => {});
    return work;
  }

  async #noted<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (reason) {
      // A read has no effect, but one of several keys is a transaction, whose outcome is unknown.
      const unknown = isEtcdError(reason) && reason.outcome === 'unknown';
      const error = unknown ? withFields(reason, { outcome: 'not-applied', cause: reason }) : reason;
      this.#failure ??= { error };
      if (isEtcdError(error, 'COMPACTED')) this.#compacted ??= error;
      throw error;
    } finally {
      this.#pending--;
    }
  }

  async #get(keys: readonly Buffer[]): Promise<readonly (KeyValue | undefined)[]> {
    // It is decided now what is written, and not when the answer arrives.
    const written = keys.map((key) => this.writes.has(key) && { kv: this.writes.find(key) });
    const missing = keys.filter((_, i) => written[i] === false);
    const reads = new Map((await this.#reader.keys(missing)).map((read) => [idOf(read.key), read.kv]));
    return keys.map((key, i) => (written[i] || { kv: reads.get(idOf(key)) }).kv);
  }

  async #range(key: Bytes, forms: RangeForms): Promise<readonly KeyValue[]> {
    checkOptions<RangeForms>(forms, { prefix: 'boolean', fromKey: 'boolean', rangeEnd: true });
    const { key: start, rangeEnd } = toRange(key, forms ?? {});
    if (rangeEnd === undefined) {
      throw invalidArgument('forms', 'must be { prefix: true }, { fromKey: true } or { rangeEnd }; get reads one key');
    }
    const read = await this.#reader.range(start, rangeEnd);
    const kvs = new Map(read.kvs.map((kv) => [idOf(kv.key), kv]));
    this.writes.applyTo(kvs, { key: start, rangeEnd });
    return [...kvs.values()].sort((a, b) => Buffer.compare(a.key, b.key));
  }

  #put(key: Bytes, value: Bytes, options: TransactionPutOptions | undefined): void {
    if (this.#ended !== undefined) throw this.#tooLate();
    checkOptions<TransactionPutOptions>(options, { lease: true });
    this.writes.add(op.put(key, value, options));
  }

  #delete(key: Bytes, options: unknown): void {
    if (this.#ended !== undefined) throw this.#tooLate();
    // As a callback of forEach it is given a number.
    if (typeof options === 'object' && options !== null) {
      throw invalidArgument(
        'options',
        'of tx.delete do not exist: it deletes one key; tx.range finds those of a range',
      );
    }
    this.writes.add(op.delete(key));
  }

  #tooLate(): EtcdError {
    const message = `tx of attempt ${this.number} has ended: ${this.#ended}`;
    return new EtcdError({ code: 'FAILED_PRECONDITION', message, outcome: 'not-applied', argument: 'tx' });
  }
}

/** Converts keys, without those that come twice. Names the argument in errors. */
export function toKeys(keys: readonly Bytes[], argument: string): Buffer[] {
  if (!Array.isArray(keys)) throw invalidArgument(argument, 'must be an array of keys; tx.get reads one');
  return (keys as readonly Bytes[]).map((key, i) => toKey(key, `${argument}[${i}]`));
}
