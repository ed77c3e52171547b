// limit: 300 s
import type { EtcdClient, EtcdOperations } from '@etcdts/core';
import { methods, type Interceptor } from '@etcdts/core/plugin';
import { withNamespace } from '@etcdts/namespace';
import { assert, suite } from '@etcdts/testing';
import { contracts } from './contract-clients.ts';
import { recorded, Showing } from './recorded.ts';
import { startStack, user, type Stack } from './stack.ts';

// No text that the contracts cause shows a secret. Each of their keys begins with `contract/`.
const test = suite('contracts through metrics(), retry() and auth(), and a namespace, with TLS and authentication');
const showing = new Showing();
const tokens: Set<string> = new Set();
const listening: Interceptor = {
  name: 'listening',
  unary: (next, method) => (call) => {
    if (method !== methods.authenticate) tokens.add(String(call.metadata['token']));
    return next(call);
  },
};
let stack: Stack;
let whole: EtcdClient;
let client: EtcdOperations;

test.before(async () => {
  stack = await startStack();
  whole = stack.client({ logger: showing.logger, interceptors: [...stack.interceptors(), listening] });
  const scoped = withNamespace(whole, 'sentinel-namespace/', { allowCompact: true });
  client = recorded(scoped, showing.show);
});
test.after(async () => {
  await whole?.close();
  await stack?.[Symbol.asyncDispose]();
});

for (const contract of Object.values(contracts)) contract(test, () => ({ client }));

test('neither keys, nor the namespace, the user, the password, tokens or the private key were shown', async () => {
  showing.show(whole);
  showing.show(whole.describe());
  showing.texts.push(await stack.registry.metrics());
  assert.ok(showing.errors > 30, `${showing.errors} errors`);
  assert.ok(tokens.size > 0 && !tokens.has('undefined'), 'every call has a token');
  const secrets = ['contract/', 'sentinel-namespace', user.username, user.password, ...stack.keySecrets, ...tokens];
  assert.equal(showing.hits(secrets), []);
});

test.run();
