import type { EtcdOperations } from '@etcdts/core';
import type { Suite } from '../suite.ts';
import { kvLimits } from './kv-limits.ts';
import { kvRanges } from './kv-ranges.ts';
import { kvReads } from './kv-reads.ts';
import { kvWrites } from './kv-writes.ts';

/** The client that the tests of a contract use. Each test gets it anew. */
export interface ContractContext {
  /** The client under test. */
  readonly client: EtcdOperations;
}

/**
 * Adds the tests of everything that KV promises, except transactions, in keys as the client under test names them. A transparent
 * wrapper passes them all. The client needs an etcd that only it compacts, and must be allowed to compact.
 */
export function kvContract(test: Suite, context: () => ContractContext): void {
  const kv = (): EtcdOperations['kv'] => context().client.kv;
  kvWrites(test, kv);
  kvReads(test, kv);
  kvRanges(test, kv);
  kvLimits(test, kv, () => context().client.lease);
}
