import type { CallOptions, EtcdOperations } from '@etcdts/core';
import { siteOf, type Clock } from '@etcdts/core/plugin';
import type { MarkLease, MarkLeaseSource } from './marks.ts';

/** The time to live of the marks of enqueue and dequeue in seconds. */
const TTL = 60;

const sources = new WeakMap<EtcdOperations, MarkLeaseSource>();

/**
 * The lease of the marks of a client's enqueues and dequeues, in all queues. It is granted when the first of them needs it and
 * never renewed; in the middle of its life the next one is granted. So a client that is idle keeps nothing in etcd.
 */
export function shortLeases(client: EtcdOperations): MarkLeaseSource {
  const source = sources.get(client) ?? leasesOf(client);
  sources.set(client, source);
  return source;
}

function leasesOf(client: EtcdOperations): MarkLeaseSource {
  const { clock } = siteOf(client);
  let current: Promise<MarkLease> | undefined;
  return async (options) => {
    for (;;) {
      const granting = (current ??= grant(client, clock, options));
      const lease = await granting.catch(() => undefined);
      if (lease?.isUsable()) return lease;
      if (current === granting) current = undefined;
      if (lease === undefined) await granting;
    }
  };
}

async function grant(client: EtcdOperations, clock: Clock, options: CallOptions): Promise<MarkLease> {
  const drawnAt = clock.now();
  // Others wait for it too: the abort of one call does not end it.
  const { id, ttl } = await client.lease.grant(TTL, { ...options, signal: undefined });
  const until = drawnAt + (ttl * 1_000) / 2;
  let gone = false;
  return { id, isUsable: () => !gone && clock.now() < until, replaced: () => (gone = true) };
}
