// limit: 240 s
import { startEmbedded } from '@etcdts/embedded';
import { withNamespace } from '@etcdts/namespace';
import { suite } from '@etcdts/testing';
import type { EtcdClient } from '@etcdts/core';
import { contractSuites } from '../contract-clients.ts';
import { startStack, type Stack } from '../stack.ts';
import { transactCases } from './transact-cases.ts';

for (const test of contractSuites('transact', transactCases)) {
  test.run();
}

for (const test of contractSuites('embedded: transact', transactCases, startEmbedded, ['plain core', 'a namespace'])) {
  test.run();
}

const stacked = suite('transact through metrics(), retry(), auth() and a namespace', { timeoutMs: 20_000 });
let stack: Stack;
let client: EtcdClient;

stacked.before(async () => {
  stack = await startStack();
  client = stack.client();
});
stacked.after(async () => {
  await client?.close();
  await stack?.[Symbol.asyncDispose]();
});

transactCases(stacked, () => ({ client: withNamespace(client, 'transactions/', { allowCompact: true }) }));
stacked.run();
