import { isEtcdError, op, type CallOptions, type EtcdError, type EtcdOperations, type KeepAlive } from '@etcdts/core';
import type { Delivery } from './delivery.ts';
import { isPassing, leaseEnded } from './errors.ts';
import { HandedOut, type Holder } from './handed-out.ts';
import { isFree, type FreeItem } from './head.ts';
import type { Layout } from './layout.ts';
import { MarkedWrite, type Step } from './marked-write.ts';
import { Marks } from './marks.ts';
import { untilAnswered, type RepeatEffort } from './repeat.ts';

/** A lease that a receiver keeps, and the items that it holds under it. */
export class Holding implements Holder {
  readonly client: EtcdOperations;
  readonly layout: Layout;
  readonly marks: Marks;
  readonly deliveries: Set<HandedOut> = new Set();
  readonly ttl: number;
  readonly #kept: KeepAlive;
  #gone: EtcdError | undefined;

  private constructor(client: EtcdOperations, layout: Layout, kept: KeepAlive, ttl: number) {
    this.client = client;
    this.layout = layout;
    this.ttl = ttl;
    this.#kept = kept;
    // A write under a lease that is gone fails, so that nothing is lost if one begins too late.
    const lease = { id: kept.id, isUsable: () => true, replaced: () => false };
    this.marks = new Marks(client, layout.marks, async () => lease);
  }

  /** Grants a lease and keeps it. */
  static async grant(client: EtcdOperations, layout: Layout, ttl: number, options: CallOptions): Promise<Holding> {
    const granted = await client.lease.grant(ttl, options);
    return new Holding(client, layout, client.lease.keepAlive(granted.id), granted.ttl);
  }

  /** Keeps a lease that somebody else granted. */
  static async adopt(client: EtcdOperations, layout: Layout, lease: bigint): Promise<Holding> {
    const kept = client.lease.keepAlive(lease);
    try {
      const { ttl } = await kept.renewed;
      return new Holding(client, layout, kept, ttl);
    } catch (error) {
      await kept.cancel();
      throw error;
    }
  }

  get lease(): bigint {
    return this.#kept.id;
  }

  /** Aborts when the lease may be gone. */
  get signal(): AbortSignal {
    return this.#kept.signal;
  }

  /** Why no item can be taken under it any more; `undefined` while one can. */
  get loss(): unknown {
    return this.#gone ?? (this.signal.aborted ? this.signal.reason : undefined);
  }

  /**
   * Takes the first of these items that is free. Resolves with `undefined` if none is, and if the lease is gone. It goes on until it
   * is certain: an item under this lease that nobody works on would not come back.
   */
  async claim(few: readonly FreeItem[], options: CallOptions): Promise<Delivery | undefined> {
    const steps = few.map((one) => this.#step(one));
    try {
      const effort = { options, deadline: Infinity, until: this.signal, repeat: true };
      const applied = await new MarkedWrite(this.marks, steps).run(effort);
      if (applied === undefined) return undefined;
      const { order, at, held } = few[applied.step] as FreeItem;
      const attempts = held ? at.version + 1 : 1;
      return new HandedOut(this, { order, value: at.value, attempts, claimRevision: applied.revision });
    } catch (error) {
      if (isEtcdError(error, 'LEASE_NOT_FOUND')) this.#end();
      if (this.loss !== undefined) return undefined;
      throw error;
    }
  }

  /** Revokes the lease, which gives back everything under it. After its time to live it is gone in any case. */
  async revoke({ options, signal, timeoutMs }: Partial<RepeatEffort>): Promise<void> {
    this.deliveries.clear();
    const effort = { options: options ?? {}, signal, timeoutMs: timeoutMs ?? this.ttl * 1_000 };
    try {
      await untilAnswered(this.client, effort, (call) => this.client.lease.revoke(this.lease, call));
    } catch (error) {
      const isOver = timeoutMs === undefined && isPassing(error);
      if (!isOver && !isEtcdError(error, 'LEASE_NOT_FOUND')) throw error;
    }
  }

  /** Ends the renewals. The lease lives on for its time. */
  async stop(): Promise<void> {
    await this.#kept.cancel();
  }

  /** etcd does not have the lease, though it was renewed in time: somebody has revoked it. */
  #end(): void {
    this.#gone = leaseEnded();
    for (const delivery of this.deliveries) delivery.end(this.#gone);
    void this.stop();
  }

  #step(one: FreeItem): Step {
    const { order, at, held } = one;
    const { layout, lease } = this;
    const item = Buffer.concat([layout.heldItems, Buffer.from(order)]);
    const claim = Buffer.concat([layout.heldClaims, Buffer.from(order)]);
    return {
      if: isFree(one, layout),
      then: held
        ? // The version of the key counts how often it was handed out.
          [op.put(item, '', { ignoreValue: true }), op.put(claim, '', { lease })]
        : [op.delete(at.key), op.put(item, at.value), op.put(claim, '', { lease })],
    };
  }
}
