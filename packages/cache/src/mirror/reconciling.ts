import { op, type EtcdOperations, type KeyValue } from '@etcdts/core';
import { persistently } from '../base.ts';
import type { Write } from './batches.ts';
import { checkpointTaken } from './errors.ts';
import type { Renaming } from './renaming.ts';

/** What is compared, and for whom. */
export interface ReconcilingParts {
  readonly client: EtcdOperations;
  readonly renaming: Renaming;
  readonly pageSize: number;
  readonly signal: AbortSignal;
  readonly checkpoint: Buffer | undefined;
}

/** What makes a part of the target equal to that of the base. */
export interface Differences {
  readonly writes: readonly Write[];
  readonly unchanged: number;
  /** How many keys of the target were left that the base does not have. */
  readonly extra: number;
}

/**
 * Compares a base with the target while it is read, page by page, so that only what differs is written. Keys have the same order on
 * both sides, because the prefix is all that differs.
 */
export class Reconciling {
  readonly #parts: ReconcilingParts;
  /** The first key of the target that was not compared. */
  #from: Buffer;

  constructor(parts: ReconcilingParts) {
    this.#parts = parts;
    this.#from = parts.renaming.target.key;
  }

  /** Another base begins. */
  begin(): void {
    this.#from = this.#parts.renaming.target.key;
  }

  /** Compares the next keys of the base; `undefined` stands for what comes after the last one. */
  async next(kvs: readonly KeyValue[] | undefined, removes: boolean): Promise<Differences> {
    const { renaming, checkpoint } = this.#parts;
    const last = kvs?.at(-1);
    if (kvs !== undefined && last === undefined) return { writes: [], unchanged: 0, extra: 0 };
    const to = last === undefined ? renaming.target.rangeEnd : after(renaming.rename(last.key));
    const found = this.#found(to, kvs === undefined);
    const writes: Write[] = [];
    let [unchanged, extra] = [0, 0];
    const leave = (key: Buffer): void => {
      if (checkpoint?.equals(key) === true) return;
      if (removes) writes.push(op.delete(key));
      else extra += 1;
    };
    let there = await found.next();
    for (const kv of kvs ?? []) {
      const key = renaming.rename(kv.key);
      if (checkpoint?.equals(key) === true) throw checkpointTaken();
      for (; there.done !== true && there.value.key.compare(key) < 0; there = await found.next())
        leave(there.value.key);
      const known = there.done !== true && there.value.key.equals(key) ? there.value : undefined;
      // The copy of a key has no lease, which would delete it.
      if (known?.value.equals(kv.value) === true && known.lease === 0n) unchanged += 1;
      else writes.push(op.put(key, kv.value));
      if (known !== undefined) there = await found.next();
    }
    for (; there.done !== true; there = await found.next()) leave(there.value.key);
    this.#from = to;
    return { writes, unchanged, extra };
  }

  /** The keys of the target from the last ones on, in order. */
  async *#found(to: Buffer, keysOnly: boolean): AsyncGenerator<KeyValue, undefined> {
    const { client, pageSize, signal } = this.#parts;
    for (let from = this.#from; !isEmpty(from, to);) {
      const forms = { rangeEnd: to, limit: pageSize, keysOnly, signal };
      const { kvs, more } = await persistently(this.#parts, () => client.kv.get(from, forms));
      yield* kvs;
      const last = kvs.at(-1);
      if (last === undefined || !more) return;
      from = after(last.key);
    }
  }
}

/** The next possible key. */
function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

/** Whether there is no key between. The end `"\0"` is none. */
function isEmpty(from: Buffer, to: Buffer): boolean {
  return !(to.length === 1 && to[0] === 0) && from.compare(to) >= 0;
}
