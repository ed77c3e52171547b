// A test of an application, on an etcd in its own process.
import { strict as assert } from 'node:assert';
import { createClient } from '@etcdts/core';
import { startEmbedded } from '@etcdts/embedded';

async function main(): Promise<void> {
  const etcd = await startEmbedded();
  const client = createClient({ endpoints: etcd.endpoint });
  await client.kv.put('colour', 'blue');
  assert.equal((await client.kv.get('colour')).kvs[0]?.text(), 'blue');
  assert.equal((await client.cluster.memberList()).members.length, 1);
  await client.close();
  await etcd.close();
  console.log('done');
}

void main();
