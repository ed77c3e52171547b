// A test file of an application.
import { createClient } from '@etcdts/core';
import { assert, kvContract, startEtcd, suite } from '@etcdts/testing';

const test = suite('an application');

test('works on a real etcd', async () => {
  await using etcd = await startEtcd();
  await using client = createClient({ endpoints: etcd.endpoint });
  await client.kv.put('colour', 'blue');
  assert.is((await client.kv.get('colour')).kvs[0]?.text(), 'blue');
  assert.type(kvContract, 'function');
});

test.run();
