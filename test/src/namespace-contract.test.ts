import { startEtcd } from '@etcdts/testing';
import { namespaceSuite } from './namespace-contract.ts';

const test = namespaceSuite('namespace', startEtcd);
test.run();
