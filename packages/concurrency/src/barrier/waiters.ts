import { compare, op, type KeyValue } from '@etcdts/core';
import { untilAnswered } from '../repeat.ts';
import type { Wait } from '../wait.ts';

/** The keys of a double barrier: those of clientv3's. */
export interface BarrierKeys {
  /** What the keys of those who are in it begin with: the key, and `/waiters/`. */
  readonly waiters: Buffer;
  /** What the last one to come writes. */
  readonly ready: Buffer;
}

/** The keys of a double barrier. */
export function barrierKeys(key: Buffer): BarrierKeys {
  const below = (name: string): Buffer => Buffer.concat([key, Buffer.from(name)]);
  return { waiters: below('/waiters/'), ready: below('/ready') };
}

/** A double barrier as of one revision: who is in it, in the order of arrival, and the mod revision of `ready`, 0 without it. */
export interface Standing {
  readonly waiters: readonly KeyValue[];
  readonly opened: bigint;
  readonly revision: bigint;
}

/** The two gets that make a standing. */
export function standingOps({ waiters, ready }: BarrierKeys): [ReturnType<typeof op.get>, ReturnType<typeof op.get>] {
  const sort = { by: 'createRevision', order: 'ascend' } as const;
  return [op.get(waiters, { prefix: true, sort, keysOnly: true }), op.get(ready, { keysOnly: true })];
}

/** The standing in the responses of `standingOps`. */
export function standingOf(
  [waiters, ready]: readonly [{ readonly kvs: readonly KeyValue[] }, { readonly kvs: readonly KeyValue[] }],
  revision: bigint,
): Standing {
  return { waiters: waiters.kvs, opened: ready.kvs[0]?.modRevision ?? 0n, revision };
}

/** Reads the standing, linearizable. */
export async function readStanding(keys: BarrierKeys, wait: Wait): Promise<Standing> {
  const { state, options, signal, deadline } = wait;
  const ops = standingOps(keys);
  // Both branches are the same, since there is no condition.
  const { responses, header } = await untilAnswered(state.site, { ...options, signal }, deadline, (call) =>
    state.client.kv.txn({ then: ops, else: ops }, call),
  );
  return standingOf(responses, header.revision);
}

/** The condition that nobody has come since a standing. */
export function nobodyCame({ waiters }: BarrierKeys, { revision }: Standing): ReturnType<typeof compare.version> {
  return compare.modRevision(waiters, '<', revision + 1n, { prefix: true });
}
