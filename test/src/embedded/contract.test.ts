// The same contracts as on a real etcd. A difference is a bug of the embedded one.
import { startEmbedded } from '@etcdts/embedded';
import { authSuite } from '../auth/contract.ts';
import { startAuthEmbedded } from '../auth/auth-etcd.ts';
import { contracts, contractSuites } from '../contract-clients.ts';
import { namespaceSuite } from '../namespace/contract.ts';

const kinds = ['plain core', 'a namespace'];
for (const [name, contract] of Object.entries(contracts)) {
  for (const test of contractSuites(`embedded: ${name}`, contract, startEmbedded, kinds)) {
    test.run();
  }
}

const namespace = namespaceSuite('embedded: namespace', startEmbedded);
namespace.run();

const auth = authSuite('embedded: auth', startAuthEmbedded, startEmbedded);
auth.run();
