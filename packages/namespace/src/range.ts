// Prefix arithmetic: keys and ranges on their way in, keys on their way out. Everything else in this package trusts it.
import { invalidArgument, prefixEnd, withKey } from '@etcdts/core/plugin';
import type { KeyValue } from '@etcdts/core';
import { foreignKey } from './violation.ts';
import type { Answering } from './violation.ts';

/** A key alone, or a range, as every request message spells it. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
}

/**
 * The part of the keyspace behind one prefix: every key that is longer than the prefix and starts with it.
 *
 * The bare prefix is outside: inside it would be the empty key, which etcd does not have. So `"\0"`, etcd's first
 * possible key, is the first possible key here too, in ranges, compares and watches alike.
 */
export class Scope {
  readonly prefix: Buffer;
  readonly #end: Buffer;

  constructor(prefix: Buffer) {
    this.prefix = prefix;
    // All-0xff prefixes give the open end, which is right for them: no later key starts with anything else.
    this.#end = prefixEnd(prefix);
  }

  /** A request with its key and its range end moved behind the prefix; the given message is left as it is. */
  in<T extends KeyRange>(request: T): T {
    // Each field is read once and both are always replaced: a getter could say something else the second time.
    const { key, rangeEnd, ...rest } = request;
    if (key.length === 0) throw invalidArgument('key', 'must not be empty', 'EMPTY_KEY');
    const scoped = { ...rest, key: this.#join(key) };
    if (rangeEnd === undefined || rangeEnd.length === 0) return scoped as unknown as T;
    return { ...scoped, rangeEnd: isOpenEnd(rangeEnd) ? this.#end : this.#join(rangeEnd) } as unknown as T;
  }

  /** Whether a full key lies in here. */
  has(key: Buffer): boolean {
    const { prefix } = this;
    return key.length > prefix.length && prefix.compare(key, 0, prefix.length) === 0;
  }

  /** A full key without its prefix, as a view. It must lie in here. */
  cut(key: Buffer): Buffer {
    return key.subarray(this.prefix.length);
  }

  /**
   * A key value that etcd returned, under its key in here. A key from outside means that the server answered something
   * else than it was asked: `method` fails with `NAMESPACE_VIOLATION`, and nothing of that key is shown.
   */
  out(kv: KeyValue, method: Answering): KeyValue {
    const { key } = kv;
    if (!this.has(key)) throw foreignKey(method);
    return withKey(kv, this.cut(key));
  }

  #join(key: Uint8Array): Buffer {
    return Buffer.concat([this.prefix, key]);
  }
}

/** etcd reads `"\0"` as no upper bound at all. */
function isOpenEnd(rangeEnd: Uint8Array): boolean {
  return rangeEnd.length === 1 && rangeEnd[0] === 0;
}
