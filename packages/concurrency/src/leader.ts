import type { Bytes, CallOptions, EtcdOperations, KeyValue } from '@etcdts/core';
import { callOptionsOf } from '@etcdts/core/plugin';
import { contendersOf } from './keys.ts';

/** The candidate that leads an election: the one whose key has the lowest create revision. */
export interface Leader {
  /** Its key and its proposal. `kv.createRevision` is the same for as long as it leads, and grows with every leader. */
  readonly kv: KeyValue;
  /** The revision as of which this was so. */
  readonly revision: bigint;
}

/**
 * Reads the leader of an election, linearizable; `undefined` if nobody leads (concurrency/election.go `Leader`). Needs no session.
 * Rejects as `kv.get` does.
 */
export async function leader(client: EtcdOperations, name: Bytes, options?: CallOptions): Promise<Leader | undefined> {
  return leaderOf(client, contendersOf(name), callOptionsOf(client, options, {}));
}

/** As `leader`, with arguments that are checked. */
export async function leaderOf(
  client: EtcdOperations,
  contenders: Buffer,
  options: CallOptions,
): Promise<Leader | undefined> {
  const { kvs, header } = await client.kv.get(contenders, {
    ...options,
    prefix: true,
    limit: 1,
    sort: { by: 'createRevision', order: 'ascend' },
  });
  return kvs[0] && { kv: kvs[0], revision: header.revision };
}
