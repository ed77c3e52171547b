// limit: 180 s
import { createClient, type EtcdClient, type EtcdOperations } from '@etcdts/core';
import { startEmbedded } from '@etcdts/embedded';
import { metrics } from '@etcdts/metrics';
import { withNamespace } from '@etcdts/namespace';
import { retry } from '@etcdts/retry';
import { startEtcd, suite } from '@etcdts/testing';
import { Registry } from 'prom-client';
import { startStack } from '../stack.ts';
import { queueContract } from './contract.ts';

interface Server extends AsyncDisposable {
  readonly endpoint: string;
}

const kinds: Record<string, readonly [() => Promise<Server>, (client: EtcdClient) => EtcdOperations]> = {
  'a real etcd': [startEtcd, (client) => client],
  'the embedded etcd': [startEmbedded, (client) => client],
  'a namespace': [startEtcd, (client) => withNamespace(client, 'tenant/')],
  'retry() and metrics()': [startEtcd, (client) => client.intercept(metrics({ registry: new Registry() }), retry())],
};

for (const [kind, [start, wrap]] of Object.entries(kinds)) {
  const test = suite(`queues through ${kind}`, { timeoutMs: 20_000 });
  let server: Server;
  let client: EtcdClient;
  let wrapped: EtcdOperations;
  test.before(async () => {
    server = await start();
    client = createClient({ endpoints: server.endpoint });
    wrapped = wrap(client);
  });
  test.after(async () => {
    await client.close();
    await server[Symbol.asyncDispose]();
  });
  queueContract(test, () => ({ client: wrapped }));
  test.run();
}

const stacked = suite('queues through metrics(), retry() and auth()', { timeoutMs: 20_000 });
let stack: Awaited<ReturnType<typeof startStack>>;
let client: EtcdClient;
stacked.before(async () => {
  stack = await startStack();
  client = stack.client();
});
stacked.after(async () => {
  await client.close();
  await stack[Symbol.asyncDispose]();
});
queueContract(stacked, () => ({ client }));
stacked.run();
