import type { DeleteOp, KeyValue, PutOp } from '@etcdts/core';
import { keyValue } from '@etcdts/core/plugin';
import { covers, idOf, type RangeRead } from './read-set.ts';

/** What an attempt writes. The last write of a key counts. */
export class WriteSet {
  readonly #ops: Map<string, PutOp | DeleteOp> = new Map();

  /** Adds a write, made by `op.put` or `op.delete` of one key. */
  add(write: PutOp | DeleteOp): void {
    this.#ops.set(idOf(write.request.key), write);
  }

  /** Whether a key is written. */
  has(key: Buffer): boolean {
    return this.#ops.has(idOf(key));
  }

  /** A key as it will be; `undefined` if it is deleted. Its revisions and its version are 0, because the commit decides on them. */
  find(key: Buffer): KeyValue | undefined {
    const write = this.#ops.get(idOf(key));
    return write?.type === 'put' ? written(write) : undefined;
  }

  /** Changes the keys of a range, given by identity, to what they will be. */
  applyTo(kvs: Map<string, KeyValue>, range: Pick<RangeRead, 'key' | 'rangeEnd'>): void {
    for (const [id, write] of this.#ops) {
      if (!covers(range, write.request.key)) continue;
      if (write.type === 'put') kvs.set(id, written(write));
      else kvs.delete(id);
    }
  }

  /** The operations of the commit, one for each key, by the identity of the key. */
  get ops(): ReadonlyMap<string, PutOp | DeleteOp> {
    return this.#ops;
  }
}

// The bytes are copied, so that a reader that changes them changes no write.
function written({ request }: PutOp): KeyValue {
  const { key, value, lease } = request;
  return keyValue({ key: Buffer.from(key), value: Buffer.from(value), lease });
}
