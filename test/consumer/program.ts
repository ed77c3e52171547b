// An application: what it does with the packages on the etcd at ETCD_ENDPOINT, in the whole store and in a namespace.
import { strict as assert } from 'node:assert';
import { authAdmin } from '@etcdts/auth';
import { createClient, isEtcdError, keyMissing, op, type EtcdOperations } from '@etcdts/core';
import { withNamespace } from '@etcdts/namespace';

async function use(client: EtcdOperations): Promise<void> {
  const { header } = await client.kv.put('colour', 'blue');
  assert.equal((await client.kv.get('colour')).kvs[0]?.text(), 'blue');

  const seen: string[] = [];
  const watch = client.watch('colour', { startRevision: header.revision });
  for await (const { type, kv } of watch.events()) {
    seen.push(`${type} ${kv.text()}`);
    break;
  }
  assert.deepEqual(seen, ['put blue']);

  const { id } = await client.lease.grant(30);
  const keepAlive = client.lease.keepAlive(id);
  const txn = await client.kv.txn({
    if: [keyMissing('leader')],
    then: [op.put('leader', 'me', { lease: id }), op.get('leader')],
  });
  assert.ok(txn.succeeded);
  assert.equal(txn.responses[1].kvs[0]?.lease, id);
  for await (const { ttl } of keepAlive) {
    assert.ok(ttl > 0);
    break;
  }
  await keepAlive.cancel();
  await client.lease.revoke(id);
  assert.equal((await client.kv.get('leader')).count, 0);

  const refused: unknown = await client.kv.get('').catch((error: unknown) => error);
  assert.ok(isEtcdError(refused, 'EMPTY_KEY'));
}

async function main(): Promise<void> {
  const client = createClient({ endpoints: process.env['ETCD_ENDPOINT'] ?? '' });
  await use(client);
  await use(withNamespace(client, '/tenant/'));
  assert.equal((await client.kv.get('/tenant/colour')).count, 1);
  // Its messages come from the lazily loaded protos.
  const { members } = await client.cluster.memberList();
  assert.equal(typeof members[0]?.id, 'bigint');
  assert.deepEqual((await authAdmin(client).userList()).users, []);
  await client.kv.delete('/tenant/', { prefix: true });
  await client.kv.delete('colour');
  await client.close();
  console.log('done');
}

void main();
