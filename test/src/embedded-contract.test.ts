// The same contracts as on a real etcd: whatever differs is a bug of the embedded one.
import { startEmbedded } from '@etcdts/embedded';
import { kvContract, leaseContract, watchContract } from '@etcdts/testing';
import { contractSuites } from './contract-clients.ts';

const kinds = ['plain core', 'a namespace'];
for (const [name, contract] of Object.entries({ kv: kvContract, watch: watchContract, lease: leaseContract })) {
  for (const test of contractSuites(`embedded: ${name}`, contract, startEmbedded, kinds)) {
    test.run();
  }
}
