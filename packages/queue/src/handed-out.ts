import {
  compare,
  isEtcdError,
  op,
  type CallOptions,
  type Compare,
  type EtcdError,
  type EtcdOperations,
} from '@etcdts/core';
import { bindMethods, callOptionsOf, checkedSignal, siteOf, type CheckedSignal } from '@etcdts/core/plugin';
import type { AckOptions, Delivery } from './delivery.ts';
import { deliveryEnded, deliveryLost } from './errors.ts';
import type { Layout } from './layout.ts';
import { MarkedWrite, type Applied } from './marked-write.ts';
import type { Marks } from './marks.ts';
import { untilAnswered } from './repeat.ts';

/** The lease under which an item is held, and its receiver's parts. */
export interface Holder {
  readonly client: EtcdOperations;
  readonly layout: Layout;
  readonly marks: Marks;
  readonly signal: AbortSignal;
  readonly deliveries: Set<HandedOut>;
}

/** An item that was claimed. */
export interface Claimed {
  readonly order: string;
  readonly value: Buffer;
  readonly attempts: number;
  /** The create revision of the claim. */
  readonly claimRevision: bigint;
}

/** A `Delivery` under the lease of a holder. */
export class HandedOut implements Delivery {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly revision: bigint;
  readonly attempts: number;
  readonly signal: AbortSignal;
  readonly #holder: Holder;
  readonly #ended: CheckedSignal;
  readonly #item: Buffer;
  readonly #claim: Buffer;
  readonly #claimRevision: bigint;
  #write: MarkedWrite | undefined;
  #acking: Promise<void> | undefined;
  #acknowledged = false;
  #releasing: Promise<void> | undefined;

  constructor(holder: Holder, { order, value, attempts, claimRevision }: Claimed) {
    const { heldItems, heldClaims, itemOf } = holder.layout;
    const { key, revision } = itemOf(order);
    this.key = key;
    this.value = value;
    this.revision = revision;
    this.attempts = attempts;
    this.#ended = checkedSignal({ from: [holder.signal] });
    this.signal = this.#ended.signal;
    this.#holder = holder;
    this.#item = Buffer.concat([heldItems, Buffer.from(order)]);
    this.#claim = Buffer.concat([heldClaims, Buffer.from(order)]);
    this.#claimRevision = claimRevision;
    holder.deliveries.add(this);
    bindMethods(this, HandedOut.prototype);
  }

  text(): string {
    return this.value.toString();
  }

  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }

  isOwner(): Compare {
    return compare.createRevision(this.#claim, '=', this.#claimRevision);
  }

  ack(options?: AckOptions): Promise<void> {
    if (this.#acking === undefined) {
      const acking = this.#ack(options);
      this.#acking = acking;
      acking.catch((error: unknown) => {
        if (!isEtcdError(error, 'LOCK_LOST')) this.#acking = undefined;
      });
    }
    return this.#acking;
  }

  release(options?: CallOptions): Promise<void> {
    if (this.#releasing === undefined) {
      const releasing = this.#release(options);
      this.#releasing = releasing;
      releasing.catch(() => (this.#releasing = undefined));
    }
    return this.#releasing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** Ends the signal: from now on, others may be given the item. */
  end(reason: EtcdError): void {
    this.#ended.abort(reason);
  }

  /** Resolves when an acknowledgement that is under way has ended, well or not. */
  async settled(): Promise<void> {
    await this.#acking?.catch(() => {});
  }

  async #ack(given: AckOptions | undefined): Promise<void> {
    const { client, marks, signal: until } = this.#holder;
    const call = callOptionsOf<AckOptions>(client, given, { then: true });
    const { signal, timeoutMs = Infinity, ...options } = call;
    const { success: effects } = op.txn({ then: given?.then }).request;
    if (this.#releasing !== undefined) throw deliveryLost('it was given back');
    signal?.throwIfAborted();
    this.#write ??= new MarkedWrite(marks, [
      { if: [this.isOwner()], then: [op.delete(this.#claim), op.delete(this.#item), ...effects] },
    ]);
    const deadline = siteOf(client).clock.now() + timeoutMs;
    let applied: Applied | undefined;
    try {
      applied = await this.#write.run({ options, signal, deadline, until, repeat: true });
    } catch (error) {
      if (!isEtcdError(error) || signal?.aborted === true) throw error;
      if (error.code === 'LEASE_NOT_FOUND') throw this.#lost('the lease has ended', error);
      if (until.aborted) throw this.#lost('the lease may have ended, and etcd did not answer', error);
      throw error;
    }
    if (applied === undefined) throw this.#lost('it is held by nobody or by another receiver');
    this.#acknowledged = true;
    this.#leave(deliveryEnded('acknowledged'));
  }

  async #release(given: CallOptions | undefined): Promise<void> {
    const { client, signal: until } = this.#holder;
    const { signal, timeoutMs = Infinity, ...options } = callOptionsOf<CallOptions>(client, given, {});
    await this.settled();
    if (this.#acknowledged) return;
    this.end(deliveryEnded('given back'));
    const input = { if: [this.isOwner()], then: [op.delete(this.#claim)] };
    await untilAnswered(client, { options, signal, timeoutMs, until }, (call) => client.kv.txn(input, call));
    this.#leave(deliveryEnded('given back'));
  }

  #lost(why: string, cause?: EtcdError): EtcdError {
    const error = deliveryLost(why, cause, cause?.outcome);
    this.#leave(error);
    return error;
  }

  #leave(reason: EtcdError): void {
    this.end(reason);
    this.#holder.deliveries.delete(this);
  }
}
