// on both transports
import { txnContract } from '@etcdts/testing';
import { contractSuites } from './contract-clients.ts';

for (const test of contractSuites('txn', txnContract)) {
  test.run();
}
