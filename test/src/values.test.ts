import { deepStrictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { authAdmin } from '@etcdts/auth';
import { createClient, type EtcdClient } from '@etcdts/core';
import { invoke, keyValue, methods } from '@etcdts/core/plugin';
import { assert, assertPlainData, isAtLeast, startEtcd, suite, type EtcdServer } from '@etcdts/testing';

const test = suite('values', { timeoutMs: 20_000 });

let etcd: EtcdServer;
let client: EtcdClient;
test.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint });
});
test.after(async () => {
  await client.close();
  await etcd.close();
});

test('responses of cluster and maintenance are plain data', async () => {
  const { cluster, maintenance } = client;
  const list = await cluster.memberList();
  const [member] = list.members;
  assert.ok(member !== undefined && member.id > 0n);
  await invoke(client, methods.alarm, { action: 'activate', memberId: member.id, alarm: 'nospace' });
  const alarms = await maintenance.alarmList();
  assert.equal(alarms.alarms, [{ memberId: member.id, alarm: 'nospace' }]);
  const responses = [
    list,
    await cluster.memberUpdate(member.id, member.peerUrls),
    alarms,
    await maintenance.alarmDisarm({}),
    await maintenance.status(etcd.endpoint),
    await maintenance.hash(etcd.endpoint),
    await maintenance.hashKv(etcd.endpoint),
    await maintenance.defragment(etcd.endpoint),
  ];
  for (const response of responses) assertPlainData(response);
  for (const response of responses) assert.match(inspect(response), /^\{\s+header: \{\s+clusterId: \d+n/);
});

test('responses about users and roles are plain data, keys of permissions too', async () => {
  const admin = authAdmin(client);
  const permission = { type: 'readwrite', key: Buffer.from([0xff]), prefix: true } as const;
  const responses = [
    await admin.roleAdd('writer'),
    await admin.roleGrantPermission('writer', permission),
    await admin.roleGrantPermission('writer', { type: 'read', key: 'config/' }),
    await admin.userAdd('ann', { noPassword: true }),
    await admin.userGrantRole('ann', 'writer'),
    await admin.userGet('ann'),
    await admin.userList(),
    await admin.roleList(),
    ...(isAtLeast(etcd.version, '3.5') ? [await admin.status()] : []),
  ];
  for (const response of responses) assertPlainData(response);
  const { permissions } = await admin.roleGet('writer');
  assertPlainData(permissions);
  assert.equal(JSON.parse(JSON.stringify(permissions)), [
    { type: 'read', key: 'config/' },
    { type: 'readwrite', key: { base64: '/w==' }, rangeEnd: '\0' },
  ]);
});

test('a response goes through postMessage with its bigints and bytes', async () => {
  await client.kv.put('posted', Buffer.from([0xff, 0x00]), { lease: (await client.lease.grant(60)).id });
  const response = await client.kv.get('posted');
  const { port1, port2 } = new MessageChannel();
  const received = once(port2, 'message');
  port1.postMessage(response);
  const [posted] = (await received) as [typeof response];
  port1.close();
  deepStrictEqual(posted, structuredClone(response));
  const [kv] = posted.kvs;
  assert.is(kv?.modRevision, response.kvs[0]?.modRevision);
  deepStrictEqual(kv?.value, Uint8Array.of(0xff, 0x00));
  assert.ok((kv?.lease ?? 0n) > 0n);
});

test('node:assert tells two key values apart, and takes equal ones for equal', async () => {
  await client.kv.put('compared', 'one');
  const [one] = (await client.kv.get('compared')).kvs;
  await client.kv.put('compared', 'two');
  const [two] = (await client.kv.get('compared')).kvs;
  assert.throws(() => deepStrictEqual(one, two));
  const { createRevision, modRevision } = one ?? keyValue({});
  const fields = { key: Buffer.from('compared'), value: Buffer.from('one'), createRevision, modRevision, version: 1 };
  deepStrictEqual(one, keyValue(fields));
  deepStrictEqual({ ...one }, { ...fields, lease: 0n });
});

test.run();
