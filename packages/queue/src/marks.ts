// Writes whose outcome can be found out. A write that takes an item deletes it, so that a second look at the item shows only that
// somebody took it. So each write also writes a mark: a key that nobody else writes, under a lease.
import type { CallOptions, EtcdOperations } from '@etcdts/core';
import { randomLeaseId } from '@etcdts/core/plugin';
import { abortable } from './waiting.ts';

/** A lease under which marks are. */
export interface MarkLease {
  readonly id: bigint;
  /** Whether a write can begin under it. */
  isUsable(): boolean;
  /** Called when etcd does not have it. Returns whether the source has another. */
  replaced(): boolean;
}

/** A mark: its key, its lease, and the revision of its last write, 0 before the first. */
export interface Slot {
  readonly key: Buffer;
  readonly lease: MarkLease;
  revision: bigint;
}

/** Gives the lease for the next mark. */
export type MarkLeaseSource = (options: CallOptions) => Promise<MarkLease>;

/** The marks of one queue object: one for each of its writes that are under way at once. They are used again. */
export class Marks {
  readonly client: EtcdOperations;
  readonly #prefix: Buffer;
  readonly #lease: MarkLeaseSource;
  #free: Slot[] = [];

  constructor(client: EtcdOperations, prefix: Buffer, lease: MarkLeaseSource) {
    this.client = client;
    this.#prefix = prefix;
    this.#lease = lease;
  }

  /** A mark that no write uses. */
  async take(options: CallOptions): Promise<Slot> {
    this.#free = this.#free.filter(({ lease }) => lease.isUsable());
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    const granting = this.#lease(options);
    const lease = options.signal === undefined ? await granting : await abortable(granting, options.signal);
    const name = randomLeaseId().toString(16);
    return { key: Buffer.concat([this.#prefix, Buffer.from(name)]), lease, revision: 0n };
  }

  /** Gives back a mark whose state is known. */
  give(slot: Slot): void {
    this.#free.push(slot);
  }
}
