import { startEtcd } from '@etcdts/testing';
import { namespaceSuite } from './contract.ts';

const test = namespaceSuite('namespace', startEtcd);
test.run();
