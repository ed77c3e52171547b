import type { CallOptions, Compare, Op } from '@etcdts/core';

/** Options of `Delivery.ack`. */
export interface AckOptions extends CallOptions {
  /**
   * What is written together with the removal of the item, in one transaction: an effect of the work that happens once, however
   * often the item was handed out.
   */
  then?: readonly Op[] | undefined;
}

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
  /** The bytes that were enqueued. */
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
   * A second call gives the same promise, or tries again, with the same `then`, if the first has failed with anything but
   * `LOCK_LOST`.
   */
  ack(options?: AckOptions): Promise<void>;
  /**
   * Gives the item back at once: it is the next one that anybody is given. Does nothing if it was acknowledged, or is not this
   * receiver's any more. Repeated until `timeoutMs`, by default until the lease has ended, which gives it back too.
   */
  release(options?: CallOptions): Promise<void>;
  /** As `release`: what was not acknowledged is given back. */
  [Symbol.asyncDispose](): Promise<void>;
}
