import type { Suite } from '../suite.ts';
import type { ContractContext } from './kv.ts';
import { leaseKeepAlives } from './lease-keepalives.ts';
import { leaseLives } from './lease-lives.ts';

/**
 * Adds the tests of everything that leases promise. A transparent wrapper passes them all. They take some ten seconds, because
 * some leases must expire.
 */
export function leaseContract(test: Suite, context: () => ContractContext): void {
  leaseLives(test, () => context().client);
  leaseKeepAlives(test, () => context().client);
}
