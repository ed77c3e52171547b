// limit: 300 s
import type { EtcdClient } from '@etcdts/core';
import { kvContract, leaseContract, suite, watchContract } from '@etcdts/testing';
import { root, startAuthEtcd, type AuthEtcd } from './auth-etcd.ts';

// That the contracts hold where every call needs a token, and tokens live for three seconds, is what transparent means.
for (const [name, contract] of Object.entries({ kv: kvContract, watch: watchContract, lease: leaseContract })) {
  const test = suite(`${name} contract through auth`);
  let one: AuthEtcd;
  let client: EtcdClient;

  test.before(async () => {
    one = await startAuthEtcd('jwt');
    client = one.as(root);
  });
  test.after(async () => {
    await client?.close();
    await one?.[Symbol.asyncDispose]();
  });

  contract(test, () => ({ client }));
  test.run();
}
