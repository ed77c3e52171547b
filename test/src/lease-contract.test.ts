import { createClient } from '@etcdts/core';
import type { EtcdClient, EtcdOperations, Interceptor } from '@etcdts/core';
import { withNamespace } from '@etcdts/namespace';
import { leaseContract, startEtcd, suite } from '@etcdts/testing';
import type { EtcdServer } from '@etcdts/testing';

const passThrough: Interceptor = {
  name: 'pass-through',
  unary: (next) => (call) => next(call),
  stream: (next) => (call) => next(call),
};

// The kinds of client that must not make a difference.
const clients: Record<string, (client: EtcdClient) => EtcdOperations> = {
  'plain core': (client) => client,
  'a pass-through interceptor': (client) => client.intercept(passThrough),
  'a namespace': (client) => withNamespace(client, 'lease-contract/'),
};

for (const [kind, wrap] of Object.entries(clients)) {
  const test = suite(`lease contract through ${kind}`);
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

  leaseContract(test, () => ({ client: wrapped as EtcdOperations }));
  test.run();
}
