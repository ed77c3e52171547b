// An application of what is called rarely: members, maintenance, users and roles, another service of the same port.
import { strict as assert } from 'node:assert';
import { authAdmin } from '@etcdts/auth';
import { createClient, type EtcdClient } from '@etcdts/core';
import { defineService, invoke, type Interceptor } from '@etcdts/core/plugin';

interface Health {
  readonly Check: { readonly request: { readonly service?: string }; readonly response: { readonly status: string } };
}

const message = (name: string, type: string) => ({ fields: { [name]: { type, id: 1 } } });
const v1 = {
  Request: message('service', 'string'),
  Response: { ...message('status', 'Status'), nested: { Status: { values: { UNKNOWN: 0, SERVING: 1 } } } },
  Health: { methods: { Check: { requestType: 'Request', responseType: 'Response' } } },
};
const { Check } = defineService<Health>(
  { nested: { grpc: { nested: { health: { nested: { v1: { nested: v1 } } } } } } },
  { reads: ['Check'] },
);

async function administer(client: EtcdClient): Promise<void> {
  const [endpoint = ''] = client.endpoints;
  const { members } = await client.cluster.memberList();
  assert.equal(typeof members[0]?.id, 'bigint');
  const status = await client.maintenance.status(endpoint);
  assert.equal(status.leader, members[0]?.id);
  assert.deepEqual((await client.maintenance.alarmList()).alarms, []);
  assert.ok((await client.maintenance.hashKv(endpoint)).hash > 0);
  await client.sync();

  let bytes = 0;
  const snapshot = client.maintenance.snapshot();
  for await (const chunk of snapshot) bytes += chunk.length;
  assert.equal(bytes, snapshot.progress?.totalBytes);
  assert.equal(snapshot.digest?.length, 32);

  const admin = authAdmin(client);
  await admin.roleAdd('reader');
  await admin.roleGrantPermission('reader', { type: 'read', key: 'colour' });
  const { permissions } = await admin.roleGet('reader');
  assert.equal(permissions[0]?.key.toString(), 'colour');
  await admin.userAdd('ann', { noPassword: true });
  await admin.userGrantRole('ann', 'reader');
  assert.deepEqual((await admin.userGet('ann')).roles, ['reader']);
  await admin.userDelete('ann');
  await admin.roleDelete('reader');
  // Before etcd 3.5 there is no AuthStatus.
  if (!status.version.startsWith('3.4.')) assert.equal((await admin.status()).enabled, false);

  assert.equal((await invoke(client, Check, {})).status, 'SERVING');
}

/** Waits until the client has synced twice by itself. */
async function synced(): Promise<void> {
  let lists = 0;
  let done: () => void = () => {};
  const twice = new Promise<void>((resolve) => (done = resolve));
  const counter: Interceptor = {
    name: 'counter',
    unary: (next) => async (call) => {
      const response = await next(call);
      if (call.method.name === 'MemberList' && ++lists === 2) done();
      return response;
    },
  };
  const endpoints = process.env['ETCD_ENDPOINT'] ?? '';
  const client = createClient({ endpoints, interceptors: [counter], autoSyncIntervalMs: 20 });
  await client.kv.get('colour');
  // A client that only syncs does not hold the process open.
  const held = setInterval(() => {}, 1000);
  await twice;
  clearInterval(held);
  await client.close();
}

async function main(): Promise<void> {
  const client = createClient({ endpoints: process.env['ETCD_ENDPOINT'] ?? '' });
  await administer(client);
  await client.close();
  await synced();
  console.log('done');
}

void main();
