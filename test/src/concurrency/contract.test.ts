// limit: 300 s
import type { EtcdClient, EtcdOperations } from '@etcdts/core';
import { mutex, openSession, rwMutex, type Session } from '@etcdts/concurrency';
import { startEmbedded } from '@etcdts/embedded';
import { withNamespace } from '@etcdts/namespace';
import { lockContract, suite, type ContractContext, type Suite } from '@etcdts/testing';
import { contractSuites } from '../contract-clients.ts';
import { startStack, type Stack } from '../stack.ts';

const contract = (test: Suite, context: () => ContractContext): void =>
  lockContract<Session>(test, context, { openSession, mutex, rwMutex });

for (const test of contractSuites('lock', contract)) test.run();
for (const test of contractSuites('embedded: lock', contract, startEmbedded, ['plain core', 'a namespace'])) test.run();

const test = suite('lock contract through metrics(), retry() and auth(), and a namespace, with TLS and authentication');
let stack: Stack;
let client: EtcdClient;
let scoped: EtcdOperations;
test.before(async () => {
  stack = await startStack();
  client = stack.client({ interceptors: stack.interceptors() });
  scoped = withNamespace(client, 'locks/');
});
test.after(async () => {
  await client?.close();
  await stack?.[Symbol.asyncDispose]();
});
contract(test, () => ({ client: scoped }));
test.run();
