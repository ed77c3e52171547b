// on both transports
import { watchContract } from '@etcdts/testing';
import { contractSuites } from './contract-clients.ts';

for (const test of contractSuites('watch', watchContract)) {
  test.run();
}
