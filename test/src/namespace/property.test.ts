// limit: 300 s
import { startEmbedded } from '@etcdts/embedded';
import { startEtcd, suite } from '@etcdts/testing';
import { namespaceProperty } from './property.ts';

const test = suite('namespace: a store of its own');
namespaceProperty(test, startEtcd, 20_000);
test.run();

const embedded = suite('embedded: namespace: a store of its own');
namespaceProperty(embedded, startEmbedded, 5_000);
embedded.run();
