// The contracts of the client, on a real etcd.
import { createClient, type EtcdClient } from '@etcdts/core';
import {
  kvContract,
  leaseContract,
  startEtcd,
  suite,
  txnContract,
  watchContract,
  type EtcdServer,
} from '@etcdts/testing';

const contracts = { kv: kvContract, txn: txnContract, watch: watchContract, lease: leaseContract };

for (const [name, contract] of Object.entries(contracts)) {
  const test = suite(`the ${name} contract`);
  let etcd: EtcdServer;
  let client: EtcdClient;
  test.before(async () => {
    etcd = await startEtcd();
    client = createClient({ endpoints: etcd.endpoint });
  });
  test.after(async () => {
    await client.close();
    await etcd.close();
  });
  contract(test, () => ({ client }));
  test.run();
}
