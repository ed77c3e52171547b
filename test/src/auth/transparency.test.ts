// limit: 300 s
import { auth } from '@etcdts/auth';
import type { EtcdClient, EtcdOperations } from '@etcdts/core';
import { invoke, methods, type Interceptor } from '@etcdts/core/plugin';
import { metrics } from '@etcdts/metrics';
import { withNamespace } from '@etcdts/namespace';
import { retry } from '@etcdts/retry';
import { suite } from '@etcdts/testing';
import { Registry } from 'prom-client';
import { app, root, startAuthEtcd, type AuthEtcd } from './auth-etcd.ts';
import { contracts } from '../contract-clients.ts';

// Transparent means that the contracts hold if every call needs a token and tokens live for three seconds.
const kinds: Record<string, (one: AuthEtcd) => [EtcdClient, EtcdOperations]> = {
  'auth()': (one) => {
    const client = one.as(root);
    return [client, client];
  },
  'metrics(), retry() and auth(), and the namespace that the user is confined to': (one) => {
    const client = one.as(app, {
      interceptors: [metrics({ registry: new Registry() }), retry(), auth(app), compactAsRoot(one)],
    });
    return [client, withNamespace(client, 'app/', { allowCompact: true })];
  },
};

/** Compaction is about every key, so that only root may call it. */
function compactAsRoot(one: AuthEtcd): Interceptor {
  return {
    name: 'compact as root',
    unary(next, method) {
      if (method.path !== methods.compact.path) return next;
      return (call) => invoke(one.client, call.method, call.request as never) as never;
    },
  };
}

for (const [name, contract] of Object.entries(contracts)) {
  for (const [kind, open] of Object.entries(kinds)) {
    const test = suite(`${name} contract through ${kind}, with authentication on`);
    let one: AuthEtcd;
    let client: EtcdClient;
    let operations: EtcdOperations;

    test.before(async () => {
      one = await startAuthEtcd('jwt');
      [client, operations] = open(one);
    });
    test.after(async () => {
      await client?.close();
      await one?.[Symbol.asyncDispose]();
    });

    contract(test, () => ({ client: operations }));
    test.run();
  }
}
