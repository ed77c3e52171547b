import { auth, authAdmin, type Auth } from '@etcdts/auth';
import { createClient, type EtcdClient } from '@etcdts/core';
import { assert, rejects, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { addUsers, root } from './auth-etcd.ts';

const test = suite('users and roles', { timeoutMs: 15_000 });
let etcd: EtcdServer;
let client: EtcdClient;
let admin: Auth;

test.before(async () => {
  etcd = await startEtcd({ extraArgs: ['--bcrypt-cost=4'] });
  client = createClient({ endpoints: etcd.endpoints, interceptors: [auth(root)] });
  admin = authAdmin(client);
});
test.after(async () => {
  await client?.close();
  await etcd?.close();
});

test('authentication needs root with its role; switching twice is no error (A-04)', async () => {
  await rejects(admin.enable(), { code: 'ROOT_USER_NOT_EXIST' });
  await admin.userAdd('root', root.password);
  await rejects(admin.enable(), { code: 'ROOT_ROLE_NOT_EXIST' });
  await admin.userDelete('root');
  await addUsers(admin);
  assert.is((await admin.status()).enabled, false);
  await admin.enable();
  await admin.enable();
  const { enabled, authRevision } = await admin.status();
  assert.ok(enabled);
  assert.ok(authRevision > 0n);
  await rejects(admin.userDelete('root'), { code: 'INVALID_AUTH_MGMT' });
  await rejects(admin.userRevokeRole('root', 'root'), { code: 'INVALID_AUTH_MGMT' });
  await admin.disable();
  await admin.disable().catch((error: unknown) => assert.match(String(error), 'AUTH_NOT_ENABLED'));
  assert.is((await admin.status()).enabled, false);
});

test('users are added, listed, given roles, changed and removed', async () => {
  await admin.userAdd('ann', 'sentinel-password 1');
  await admin.userAdd('cn', { noPassword: true });
  await rejects(admin.userAdd('ann', 'sentinel-password 2'), { code: 'USER_ALREADY_EXIST', outcome: 'not-applied' });
  assert.equal(
    (await admin.userList()).users.filter((name) => ['ann', 'cn'].includes(name)),
    ['ann', 'cn'],
  );
  await admin.roleAdd('staff');
  await admin.userGrantRole('ann', 'staff');
  assert.equal((await admin.userGet('ann')).roles, ['staff']);
  await admin.userRevokeRole('ann', 'staff');
  assert.equal((await admin.userGet('ann')).roles, []);
  await rejects(admin.userRevokeRole('ann', 'staff'), { code: 'ROLE_NOT_GRANTED' });
  await rejects(admin.userGrantRole('ann', 'none'), { code: 'ROLE_NOT_FOUND' });
  await admin.userChangePassword('ann', 'sentinel-password 2');
  for (const name of ['ann', 'cn']) await admin.userDelete(name);
  await rejects(admin.userGet('ann'), { code: 'USER_NOT_FOUND' });
  await rejects(admin.userDelete('ann'), { code: 'USER_NOT_FOUND' });
  await rejects(admin.userChangePassword('ann', 'sentinel-password 3'), { code: 'USER_NOT_FOUND' });
});

test('permissions of every form are granted, listed, taken back, and do what they say (A-03)', async () => {
  await admin.roleAdd('forms');
  await rejects(admin.roleAdd('forms'), { code: 'ROLE_ALREADY_EXIST' });
  await admin.roleGrantPermission('forms', { type: 'read', key: 'forms/key' });
  await admin.roleGrantPermission('forms', { type: 'readwrite', key: 'forms/prefix/', prefix: true });
  await admin.roleGrantPermission('forms', { type: 'write', key: 'forms/range/a', rangeEnd: 'forms/range/c' });
  await admin.roleGrantPermission('forms', { type: 'read', key: 'z', fromKey: true });
  const { permissions } = await admin.roleGet('forms');
  const text = (bytes?: Uint8Array): string | undefined => bytes && Buffer.from(bytes).toString();
  assert.equal(
    permissions.map(({ type, key, rangeEnd }) => `${type} ${text(key)} ${text(rangeEnd) ?? ''}`.trim()),
    ['read forms/key', 'readwrite forms/prefix/ forms/prefix0', 'write forms/range/a forms/range/c', 'read z \0'],
  );
  assert.ok((await admin.roleList()).roles.includes('forms'));
  await admin.userAdd('forms', 'sentinel-password of forms');
  await admin.userGrantRole('forms', 'forms');
  await admin.enable();
  await using limited = createClient({
    endpoints: etcd.endpoints,
    interceptors: [auth({ username: 'forms', password: 'sentinel-password of forms' })],
  });
  const refused = { code: 'PERMISSION_DENIED' };
  await limited.kv.get('forms/key');
  await rejects(limited.kv.put('forms/key', 'x'), refused);
  await rejects(limited.kv.get('forms/key2'), refused);
  await limited.kv.put('forms/prefix/1', 'x');
  await limited.kv.get('forms/prefix/', { prefix: true });
  await rejects(limited.kv.get('forms/', { prefix: true }), refused);
  await limited.kv.put('forms/range/b', 'x');
  await rejects(limited.kv.put('forms/range/c', 'x'), refused);
  await rejects(limited.kv.get('forms/range/b'), refused);
  await limited.kv.get('z', { fromKey: true });
  await rejects(limited.kv.get('y', { fromKey: true }), refused);
  await admin.roleRevokePermission('forms', { key: 'forms/prefix/', prefix: true });
  await rejects(limited.kv.put('forms/prefix/1', 'x'), refused);
  await rejects(admin.roleRevokePermission('forms', { key: 'forms/prefix/' }), { code: 'PERMISSION_NOT_GRANTED' });
  await admin.disable();
  assert.is((await admin.roleGet('forms')).permissions.length, 3);
  await admin.roleDelete('forms');
  await rejects(admin.roleDelete('forms'), { code: 'ROLE_NOT_FOUND' });
  assert.equal((await admin.userGet('forms')).roles, []);
});

test.run();
