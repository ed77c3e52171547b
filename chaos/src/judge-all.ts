import { checkLeases, checkLocks } from './check/holding.ts';
import { checkLeasedKeys } from './check/leased-keys.ts';
import { checkLinear } from './check/linear.ts';
import { checkLists } from './check/lists.ts';
import { checkOrder } from './check/order.ts';
import { Store } from './check/store.ts';
import type { Violations } from './check/violations.ts';
import { checkWatches, type CompactedBy } from './check/watches.ts';
import type { Operation } from './history.ts';
import type { History } from './load.ts';

/** Runs every checker of this programme over a history. */
export function judge(history: History): readonly Violations[] {
  const { operations, pages, watches, leases, locks, revisions, faults } = history;
  const store = new Store(revisions);
  const arrivals = new Map(revisions.map(({ revision, at }) => [revision, at ?? 0]));
  return [
    checkOrder(operations, pages, store),
    checkLinear(operations),
    checkLists(operations),
    checkWatches(watches, store, compactions(operations)),
    checkLeases(leases, revisions, arrivals, faults),
    checkLeasedKeys(revisions, operations),
    checkLocks(locks),
  ];
}

function compactions(operations: readonly Operation[]): CompactedBy {
  const all = operations
    .flatMap(({ request, call }) => (request.type === 'compact' ? [{ call, revision: request.revision }] : []))
    .sort((a, b) => a.call - b.call);
  return (time) => all.findLast(({ call }) => call <= time)?.revision ?? 0;
}
