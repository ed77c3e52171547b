import type { Suite } from '../suite.ts';
import { electionCampaigns } from './election-campaigns.ts';
import type { ContestedElection, ElectionFunctions, ElectionSession } from './election-functions.ts';
import { electionLeaderships } from './election-leaderships.ts';
import { electionObservers } from './election-observers.ts';
import type { ContractContext } from './kv.ts';

/**
 * Adds the tests of everything that elections, their observers and `lead` promise without faults. They hold on every etcd, through
 * every transparent wrapper, and on the embedded etcd. The client must be allowed to compact.
 *
 *     const functions = { openSession, election, leader, observeElection, lead };
 *     electionContract<Session, Election>(test, () => ({ client }), functions);
 */
export function electionContract<S extends ElectionSession, E extends ContestedElection>(
  test: Suite,
  context: () => ContractContext,
  functions: ElectionFunctions<S, E>,
): void {
  electionCampaigns(test, () => context().client, functions);
  electionLeaderships(test, () => context().client, functions);
  electionObservers(test, () => context().client, functions);
}
