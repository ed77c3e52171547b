import type { ResponseHeader } from '@etcdts/core';
import { clusterReset } from './errors.ts';

/**
 * The raft terms of members, by their ids. The term of a member never goes back, so that a lower one is that of another store: of one
 * that was restored from a backup under the same ids, even if it has come past the revision that was seen.
 */
export class Terms {
  readonly #seen: Map<bigint, bigint> = new Map();

  /** Notes the term of a header. Throws `CLUSTER_RESET` for a lower one. */
  expect({ clusterId, memberId, raftTerm }: ResponseHeader): void {
    // A grpc-proxy invents headers; without ids they prove nothing.
    if (clusterId === 0n || memberId === 0n || raftTerm === 0n) return;
    const seen = this.#seen.get(memberId);
    if (seen === raftTerm) return;
    if (seen !== undefined && raftTerm < seen)
      throw clusterReset(`a member was in term ${seen}, and is in ${raftTerm} now`);
    this.#seen.set(memberId, raftTerm);
  }
}
