// limit: 300 s
import type { EtcdClient, EtcdOperations } from '@etcdts/core';
import { election, lead, leader, observeElection, openSession, type Election, type Session } from '@etcdts/concurrency';
import { startEmbedded } from '@etcdts/embedded';
import { withNamespace } from '@etcdts/namespace';
import { electionContract, suite, type ContractContext, type Suite } from '@etcdts/testing';
import { contractSuites } from '../contract-clients.ts';
import { startStack, type Stack } from '../stack.ts';

const contract = (test: Suite, context: () => ContractContext): void =>
  electionContract<Session, Election>(test, context, { openSession, election, leader, observeElection, lead });

for (const test of contractSuites('election', contract)) test.run();
const embedded = ['plain core', 'a namespace'];
for (const test of contractSuites('embedded: election', contract, startEmbedded, embedded)) test.run();

const test = suite(
  'election contract through metrics(), retry() and auth(), and a namespace, with TLS and authentication',
);
let stack: Stack;
let client: EtcdClient;
let scoped: EtcdOperations;
test.before(async () => {
  stack = await startStack();
  client = stack.client({ interceptors: stack.interceptors() });
  scoped = withNamespace(client, 'elections/', { allowCompact: true });
});
test.after(async () => {
  await client?.close();
  await stack?.[Symbol.asyncDispose]();
});
contract(test, () => ({ client: scoped }));
test.run();
