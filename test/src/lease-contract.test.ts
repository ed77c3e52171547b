// on both transports
import { leaseContract } from '@etcdts/testing';
import { contractSuites } from './contract-clients.ts';

for (const test of contractSuites('lease', leaseContract)) {
  test.run();
}
