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
import { deliveryEnded, deliveryLost } from './errors.ts';
import type { Layout } from './layout.ts';
import { MarkedWrite, type Applied } from './marked-write.ts';
import type { Marks } from './marks.ts';
import { untilAnswered } from './repeat.ts';

/**
 * An item that a receiver was given. It stays in etcd until it is acknowledged, and nobody else is given it while the receiver's
 * lease lives.
 *
 * The work may be done twice: after a pause, or a long time without etcd, the lease is gone and the item was given to another
 * receiver. `signal` shows it, `ack` fails then, and `isOwner()` guards writes in etcd.
 */
export interface Delivery extends AsyncDisposable {
  /** The key of the item when it was added. */
  readonly key: Buffer;
  readonly value: Buffer;
  /** The revision at which the item was added. It stays the same however often the item is handed out, and no two items share it. */
  readonly revision: bigint;
  /** How often the item was handed out, with this time: 1 for a new item. */
  readonly attempts: number;
  /**
   * Aborts when another receiver may be given the item: when the lease may be gone, as `KeepAlive.signal` does, when the item is
   * given back (`CANCELLED`) or its receiver closed (`SESSION_ENDED`), and when it has been acknowledged (`CANCELLED`). It is
   * checked whenever it is read.
   */
  readonly signal: AbortSignal;
  /** The value as text. */
  text(): string;
  /** The value, parsed as JSON. */
  json<T = unknown>(): T;
  /** The condition that the item is still this receiver's, for a transaction that has an effect of the work. */
  isOwner(): Compare;
  /**
   * Removes the item: the work is done. `LOCK_LOST` if it is not this receiver's any more: it was given back, or the lease has
   * ended. Failures that pass are repeated until `timeoutMs`, by default until the lease may be gone; lost answers are found out.
   * A second call gives the same promise, or tries again if the first has failed with anything but `LOCK_LOST`.
   */
  ack(options?: CallOptions): Promise<void>;
  /**
   * Gives the item back at once: it is the next one that anybody is given. Does nothing if it was acknowledged, or is not this
   * receiver's any more. Repeated until `timeoutMs`, by default until the lease has ended, which gives it back too.
   */
  release(options?: CallOptions): Promise<void>;
  /** As `release`: what was not acknowledged is given back. */
  [Symbol.asyncDispose](): Promise<void>;
}

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

  ack(options?: CallOptions): Promise<void> {
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

  async #ack(given: CallOptions | undefined): Promise<void> {
    const { client, marks, signal: until } = this.#holder;
    const { signal, timeoutMs = Infinity, ...options } = callOptionsOf<CallOptions>(client, given, {});
    if (this.#releasing !== undefined) throw deliveryLost('it was given back');
    signal?.throwIfAborted();
    this.#write ??= new MarkedWrite(marks, [
      { if: [this.isOwner()], then: [op.delete(this.#claim), op.delete(this.#item)] },
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
