import type { Suite } from '../suite.ts';
import type { ContractContext } from './kv.ts';
import { watchEnds } from './watch-ends.ts';
import { watchEvents } from './watch-events.ts';
import { watchRevisions } from './watch-revisions.ts';

/**
 * Adds the tests of everything that watches promise, in keys as the client under test names them. A transparent wrapper passes
 * them all. The client needs an etcd that only it compacts, and must be allowed to compact.
 */
export function watchContract(test: Suite, context: () => ContractContext): void {
  watchEvents(test, () => context().client);
  watchRevisions(test, () => context().client);
  watchEnds(test, () => context().client);
}
