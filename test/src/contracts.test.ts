import { createClient } from '@etcdts/core';
import type { EtcdClient, EtcdOperations, Interceptor } from '@etcdts/core';
import { withNamespace } from '@etcdts/namespace';
import { kvContract, startEtcd, suite, watchContract } from '@etcdts/testing';
import type { EtcdServer } from '@etcdts/testing';

const passThrough: Interceptor = {
  name: 'pass-through',
  unary: (next) => (call) => next(call),
  stream: (next) => (call) => next(call),
};

// Transparent means: the contracts hold through it. The kinds of client that must not make a difference.
const clients: Record<string, (client: EtcdClient) => EtcdOperations> = {
  'plain core': (client) => client,
  'a pass-through interceptor': (client) => client.intercept(passThrough),
  'a namespace': (client) => withNamespace(client, 'contracts/', { allowCompact: true }),
  'nested namespaces': (client) =>
    withNamespace(
      withNamespace(client, Buffer.from([0x61, 0xff, 0xff]), { allowCompact: true, anyPrefix: true }),
      Buffer.from([0xff, 0x00]),
      { allowCompact: true },
    ),
};

const contracts = { kv: kvContract, watch: watchContract };
const cases = Object.entries(contracts).flatMap(([what, contract]) =>
  Object.entries(clients).map(([kind, wrap]) => ({ name: `${what} contract through ${kind}`, contract, wrap })),
);

for (const { name, contract, wrap } of cases) {
  const test = suite(name);
  let etcd: EtcdServer | undefined;
  let client: EtcdClient | undefined;
  let wrapped: EtcdOperations | undefined;

  test.before(async () => {
    etcd = await startEtcd();
    client = createClient({ endpoints: etcd.endpoints });
    wrapped = wrap(client);
  });
  test.after(async () => {
    await client?.close();
    await etcd?.close();
  });

  contract(test, () => ({ client: wrapped as EtcdOperations }));
  test.run();
}
