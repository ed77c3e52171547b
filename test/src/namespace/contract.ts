// The promises of namespaces, on any etcd.
import { createClient } from '@etcdts/core';
import type { EtcdClient } from '@etcdts/core';
import { suite } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import type { Server } from '../contract-clients.ts';
import type { NamespaceContext } from './context.ts';
import { namespaceEscapes } from './escapes.ts';
import { namespaceRules } from './rules.ts';

/** Makes the suite of the namespace contract, on an etcd that `start` makes. */
export function namespaceSuite(name: string, start: () => Promise<Server>): Suite {
  const test = suite(`${name} contract`);
  let etcd: Server | undefined;
  let raw: EtcdClient | undefined;
  test.before(async () => {
    etcd = await start();
    raw = createClient({ endpoints: etcd.endpoint });
  });
  test.after(async () => {
    await raw?.close();
    await etcd?.close();
  });
  const context = (): NamespaceContext => ({ raw: raw as EtcdClient, endpoint: (etcd as Server).endpoint });
  namespaceRules(test, context);
  namespaceEscapes(test, context);
  return test;
}
