import type { Bytes, CallOptions, EtcdOperations } from '@etcdts/core';
import { callOptionsOf, siteOf, toBytes, toInt64 } from '@etcdts/core/plugin';
import type { Effort } from './marked-write.ts';

/** Options of `enqueue`. */
export interface EnqueueOptions extends CallOptions {
  /**
   * A lease of the item, with which it goes. An item that was handed out by a receiver has none any more: it stays until it is
   * acknowledged.
   */
  lease?: bigint | number | undefined;
}

/** What was added to a queue. Its key and its revision stay the same however often the item is handed out. */
export interface Enqueued {
  /** The key of the item in etcd. */
  readonly key: Buffer;
  /** The revision at which it was added: unique in the cluster, and the place in the order. */
  readonly revision: bigint;
}

/** The arguments of an `enqueue`, checked. */
export interface Enqueuing {
  readonly value: Buffer;
  readonly lease: bigint | undefined;
  readonly effort: Effort;
}

/** Checks the arguments of an `enqueue`. */
export function checkEnqueue(client: EtcdOperations, value: Bytes, given: EnqueueOptions | undefined): Enqueuing {
  const call = callOptionsOf<EnqueueOptions>(client, given, { lease: true });
  const { clock, requestTimeoutMs } = siteOf(client);
  const { signal, timeoutMs = requestTimeoutMs, ...options } = call;
  const lease = given?.lease === undefined ? undefined : toInt64(given.lease, 'lease', 1n);
  const bytes = toBytes(value, 'value');
  signal?.throwIfAborted();
  const deadline = clock.now() + timeoutMs;
  return { value: bytes, lease, effort: { options, signal, deadline, repeat: false } };
}
