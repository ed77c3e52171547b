// Prefix arithmetic: adds the prefix to keys and ranges, and removes it from keys. The rest of this package relies on it.
import { invalidArgument, prefixEnd, withKey } from '@etcdts/core/plugin';
import type { KeyValue } from '@etcdts/core';
import { foreignKey } from './violation.ts';
import type { Answering } from './violation.ts';

/** A key or a range, in the fields that every request has. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
}

/**
 * The part of the keyspace behind one prefix: every key that is longer than the prefix and starts with it.
 *
 * The bare prefix is outside, because it would be the empty key inside, which etcd does not have. So `"\0"`, etcd's first
 * possible key, is the first possible key here too, in ranges, compares and watches.
 */
export class Scope {
  readonly prefix: Buffer;
  readonly #end: Buffer;

  constructor(prefix: Buffer) {
    this.prefix = prefix;
    // An all-0xff prefix gives the open end. That is right, because every later key starts with the prefix.
    this.#end = prefixEnd(prefix);
  }

  /** Returns a request with its key and its range end behind the prefix. It does not change the given message. */
  in<T extends KeyRange>(request: T): T {
    // The copy is made first and read then, because a getter could return another value the second time. A rest pattern costs V8
    // forty times as much as a spread, and its objects slow down every codec that meets them.
    const scoped: { key: Uint8Array; rangeEnd?: Uint8Array | undefined } = { ...request };
    const { key, rangeEnd } = scoped;
    if (key.length === 0) throw invalidArgument('key', 'must not be empty', 'EMPTY_KEY');
    scoped.key = this.#join(key);
    if (rangeEnd === undefined) return scoped as unknown as T;
    if (rangeEnd.length === 0) delete scoped.rangeEnd;
    else scoped.rangeEnd = isOpenEnd(rangeEnd) ? this.#end : this.#join(rangeEnd);
    return scoped as unknown as T;
  }

  /** Whether a full key is behind the prefix. */
  has(key: Buffer): boolean {
    const { prefix } = this;
    return key.length > prefix.length && prefix.compare(key, 0, prefix.length) === 0;
  }

  /** Returns a full key without its prefix, as a view. The key must be behind the prefix. */
  cut(key: Buffer): Buffer {
    return key.subarray(this.prefix.length);
  }

  /**
   * Returns a key value of etcd's with its key without the prefix. A key from outside means that the server answered another
   * request: `method` fails with `NAMESPACE_VIOLATION`, and nothing of that key is shown.
   */
  out(kv: KeyValue, method: Answering): KeyValue {
    const { key } = kv;
    if (!this.has(key)) throw foreignKey(method);
    return withKey(kv, this.cut(key));
  }

  #join(key: Uint8Array): Buffer {
    const { prefix } = this;
    const joined = Buffer.allocUnsafe(prefix.length + key.length);
    joined.set(prefix);
    joined.set(key, prefix.length);
    return joined;
  }
}

/** Whether a range end is `"\0"`, which etcd reads as no upper bound. */
function isOpenEnd(rangeEnd: Uint8Array): boolean {
  return rangeEnd.length === 1 && rangeEnd[0] === 0;
}
