// limit: 300 s
// The contracts through a copy of a namespace, over metrics(), retry() and auth(), with tokens that live for three seconds.
import { auth } from '@etcdts/auth';
import { cached, type CachedClient } from '@etcdts/cache';
import type { EtcdClient } from '@etcdts/core';
import { invoke, methods, type Interceptor } from '@etcdts/core/plugin';
import { metrics } from '@etcdts/metrics';
import { withNamespace } from '@etcdts/namespace';
import { retry } from '@etcdts/retry';
import { kvContract, suite, txnContract, watchContract } from '@etcdts/testing';
import { Registry } from 'prom-client';
import { app, startAuthEtcd, type AuthEtcd } from '../auth/auth-etcd.ts';

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

for (const [name, contract] of Object.entries({ kv: kvContract, txn: txnContract, watch: watchContract })) {
  const test = suite(`${name} contract through cached() on a namespace, metrics(), retry() and auth()`);
  let one: AuthEtcd;
  let client: EtcdClient;
  let copied: CachedClient;

  test.before(async () => {
    one = await startAuthEtcd('jwt');
    client = one.as(app, {
      interceptors: [metrics({ registry: new Registry() }), retry(), auth(app), compactAsRoot(one)],
    });
    const scoped = withNamespace(client, 'app/', { allowCompact: true });
    copied = cached(scoped, 'contract/', { trustBookmarks: true });
    await copied.cache.whenReady();
  });
  test.after(async () => {
    await copied?.close();
    await client?.close();
    await one?.[Symbol.asyncDispose]();
  });

  contract(test, () => ({ client: copied }));
  test.run();
}
