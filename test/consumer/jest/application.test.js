// A test of an application for Jest, without any configuration.
const { authAdmin } = require('@etcdts/auth');
const { createClient, EtcdError, isEtcdError, keyMissing, op } = require('@etcdts/core');
const { checkedSignal } = require('@etcdts/core/plugin');
const { startEmbedded } = require('@etcdts/embedded');
const { metrics } = require('@etcdts/metrics');
const { withNamespace } = require('@etcdts/namespace');
const { retry } = require('@etcdts/retry');
const { startEtcd } = require('@etcdts/testing');
const { Registry } = require('prom-client');

const registry = new Registry();
const interceptors = [metrics({ registry }), retry()];
const endpoints = process.env.ETCD_ENDPOINT;
let client;

beforeAll(() => {
  client = createClient({ endpoints, interceptors });
});

afterAll(() => client.close());

test('puts, gets, watches, and runs transactions', async () => {
  const { header } = await client.kv.put('jest', new Uint8Array([98, 108, 117, 101]));
  expect((await client.kv.get('jest')).kvs[0]).toMatchObject({ value: Buffer.from('blue'), version: 1 });
  for await (const { kv } of client.watch('jest', { startRevision: header.revision }).events()) {
    expect(kv.text()).toBe('blue');
    break;
  }
  const txn = await client.kv.txn({ if: [keyMissing('nobody')], then: [op.get('jest')] });
  expect(txn.succeeded).toBe(true);
  expect(txn.responses[0]).toMatchObject({ count: 1 });
  expect(JSON.parse(JSON.stringify(txn)).succeeded).toBe(true);
  await withNamespace(client, '/jest/').kv.put('colour', 'red');
  expect((await client.kv.delete('/jest/', structuredClone({ prefix: true }))).deleted).toBe(1);
  await client.kv.delete('jest');
  expect(await registry.metrics()).toMatch(/grpc_client_started_total/);
});

test('keeps a lease, and reads members and users', async () => {
  const { id } = await client.lease.grant(30);
  const keepAlive = client.lease.keepAlive(id);
  const { signal } = checkedSignal({ from: [keepAlive.signal] });
  expect((await keepAlive.renewed).id).toBe(id);
  await client.kv.put('jest', 'leased', { lease: id, signal });
  await client.lease.revoke(id);
  expect(signal.aborted).toBe(true);
  expect((await client.kv.get('jest')).count).toBe(0);
  expect((await client.cluster.memberList()).members).toHaveLength(1);
  expect((await authAdmin(client).userList()).users).toEqual([]);
});

test('has errors of its class, with codes', async () => {
  await expect(client.kv.get('')).rejects.toMatchObject({ code: 'EMPTY_KEY' });
  await expect(client.kv.get('')).rejects.toBeInstanceOf(EtcdError);
  await expect(client.kv.get('')).rejects.toBeInstanceOf(Error);
  const down = createClient({ endpoints: '127.0.0.1:1' });
  const error = await down.kv.get('jest').catch((reason) => reason);
  await down.close();
  expect(isEtcdError(error, 'UNAVAILABLE')).toBe(true);
  expect(error.message).toMatch(/ECONNREFUSED/);
});

test('has an embedded etcd and a real one', async () => {
  const servers = [await startEmbedded(), await startEtcd()];
  for (const { endpoint } of servers) {
    const own = createClient({ endpoints: endpoint });
    await own.kv.put('colour', 'blue');
    await own.close();
  }
  for (const server of servers) await server.close();
});
