// on both transports
import { kvContract } from '@etcdts/testing';
import { contractSuites } from './contract-clients.ts';

for (const test of contractSuites('kv', kvContract)) {
  test.run();
}
