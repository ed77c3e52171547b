// npm's etcd3, a client that is not ours, on the embedded etcd.
import { startEmbedded, type EmbeddedEtcd } from '@etcdts/embedded';
import { assert, eventually, suite } from '@etcdts/testing';
import { Etcd3, type IKeyValue } from 'etcd3';

const test = suite('embedded: etcd3');
let etcd: EmbeddedEtcd;
let client: Etcd3;

test.before(async () => {
  etcd = await startEmbedded();
  client = new Etcd3({ hosts: etcd.endpoint });
});
test.after(async () => {
  client.close();
  await etcd.close();
});

test('puts, gets and deletes', async () => {
  await client.put('kv/a').value('1');
  await client.put('kv/b').value('2');
  assert.is(await client.get('kv/a').string(), '1');
  assert.is(await client.get('kv/none').string(), null);
  assert.equal(await client.getAll().prefix('kv/').strings(), { 'kv/a': '1', 'kv/b': '2' });
  assert.equal(await client.getAll().prefix('kv/').sort('Key', 'Descend').keys(), ['kv/b', 'kv/a']);
  assert.is((await client.delete().prefix('kv/').exec()).deleted, '2');
});

test('watches', async () => {
  const watcher = await client.watch().prefix('watched/').create();
  const seen: string[] = [];
  watcher.on('put', ({ key, value }: IKeyValue) => seen.push(`${String(key)}=${String(value)}`));
  watcher.on('delete', ({ key }: IKeyValue) => seen.push(`-${String(key)}`));
  await client.put('watched/a').value('1');
  await client.delete().key('watched/a');
  await eventually(() => seen.length === 2);
  assert.equal(seen, ['watched/a=1', '-watched/a']);
  await watcher.cancel();
});

test('keeps leases alive, and loses those that it does not', async () => {
  const lease = client.lease(10);
  await lease.put('leased').value('1');
  await lease.keepaliveOnce();
  assert.is(await client.get('leased').string(), '1');
  await lease.revoke();
  assert.is(await client.get('leased').string(), null);
  const lost = client.lease(10, { autoKeepAlive: false });
  await lost.put('leased').value('2');
  etcd.advance(10_001);
  assert.is(await client.get('leased').string(), null);
});

test('locks, against others and until it is released', async () => {
  const lock = await client.lock('mutex').acquire();
  const other = client.lock('mutex');
  const refused = await other.acquire().then(
    () => false,
    () => true,
  );
  assert.ok(refused);
  await lock.release();
  await other.acquire();
  await other.release();
});

test('runs transactions', async () => {
  const create = (): ReturnType<ReturnType<Etcd3['if']>['commit']> =>
    client.if('once', 'Create', '==', 0).then(client.put('once').value('1')).else(client.get('once')).commit();
  assert.ok((await create()).succeeded);
  const { succeeded, responses } = await create();
  assert.not(succeeded);
  assert.is(String(responses[0]?.response_range.kvs[0]?.value), '1');
  const transacted = await client.stm().transact(async (tx) => {
    const value = Number(await tx.get('once').string());
    await tx.put('once').value(value + 1);
    return value;
  });
  assert.equal([transacted, await client.get('once').string()], [1, '2']);
});

test.run();
