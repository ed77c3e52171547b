import type { EtcdOperations } from '@etcdts/core';
import type { Suite } from '../suite.ts';
import { kvLimits } from './kv-limits.ts';
import { kvRanges } from './kv-ranges.ts';
import { kvReads } from './kv-reads.ts';
import { kvWrites } from './kv-writes.ts';

/** What a contract's tests run against; asked for anew in each test. */
export interface ContractContext {
  readonly client: EtcdOperations;
}

/**
 * Adds the tests of everything that KV promises, transactions aside, in keys as the client under test names them: a
 * wrapper that is transparent passes them all. The client needs an etcd that nobody else compacts, and must be allowed to compact.
 */
export function kvContract(test: Suite, context: () => ContractContext): void {
  const kv = (): EtcdOperations['kv'] => context().client.kv;
  kvWrites(test, kv);
  kvReads(test, kv);
  kvRanges(test, kv);
  kvLimits(test, kv, () => context().client.lease);
}
