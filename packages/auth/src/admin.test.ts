import { createClient, type EtcdClient } from '@etcdts/core';
import { wrapClient, type Interceptor } from '@etcdts/core/plugin';
import { assert, rejects, suite } from '@etcdts/testing';
import { authAdmin, type Auth } from './admin.ts';

const test = suite('authAdmin');

const PASSWORD = 'sentinel-password';

interface Sent {
  readonly name: string;
  readonly request: unknown;
  readonly confidential: boolean;
}

function recorded(): { client: EtcdClient; sent: Sent[] } {
  const sent: Sent[] = [];
  const etcd: Interceptor = {
    name: 'etcd',
    unary: (_, method) => async (call) => {
      sent.push({ name: method.name, request: call.request, confidential: call.confidential });
      return {} as never;
    },
  };
  return { client: createClient({ endpoints: '127.0.0.1:1', interceptors: [etcd] }), sent };
}

test('every operation is its own RPC (A-01), and passwords are confidential', async () => {
  const { client, sent } = recorded();
  const admin = authAdmin(client);
  await admin.enable();
  await admin.disable();
  await admin.status();
  await admin.userAdd('u', PASSWORD);
  await admin.userAdd('cn', { noPassword: true });
  await admin.userDelete('u');
  await admin.userGet('u');
  await admin.userList();
  await admin.userChangePassword('u', `${PASSWORD}-2`);
  await admin.userGrantRole('u', 'r');
  await admin.userRevokeRole('u', 'r');
  await admin.roleAdd('r');
  await admin.roleDelete('r');
  await admin.roleGet('r');
  await admin.roleList();
  await admin.roleGrantPermission('r', { type: 'read', key: 'k' });
  await admin.roleRevokePermission('r', { key: 'k' });
  const key = Buffer.from('k');
  assert.equal(
    sent.map(({ name, request }) => [name, request]),
    [
      ['AuthEnable', {}],
      ['AuthDisable', {}],
      ['AuthStatus', {}],
      ['UserAdd', { name: 'u', password: PASSWORD, options: { noPassword: false } }],
      ['UserAdd', { name: 'cn', password: '', options: { noPassword: true } }],
      ['UserDelete', { name: 'u' }],
      ['UserGet', { name: 'u' }],
      ['UserList', {}],
      ['UserChangePassword', { name: 'u', password: `${PASSWORD}-2` }],
      ['UserGrantRole', { user: 'u', role: 'r' }],
      ['UserRevokeRole', { name: 'u', role: 'r' }],
      ['RoleAdd', { name: 'r' }],
      ['RoleDelete', { role: 'r' }],
      ['RoleGet', { role: 'r' }],
      ['RoleList', {}],
      ['RoleGrantPermission', { name: 'r', permission: { type: 'read', key } }],
      ['RoleRevokePermission', { role: 'r', key }],
    ],
  );
  const confidential = sent.filter((one) => one.confidential).map(({ name }) => name);
  assert.equal(confidential, ['UserAdd', 'UserAdd', 'UserChangePassword']);
});

test('passwords go in the open where that is allowed, unless the call differs', async () => {
  const { client, sent } = recorded();
  const admin = authAdmin(client, { allowInsecure: true });
  await admin.userAdd('u', PASSWORD);
  await admin.userAdd('u', PASSWORD, { confidential: true });
  assert.equal(
    sent.map(({ confidential }) => confidential),
    [false, true],
  );
});

test('permissions are for a key, a prefix, a range, or from a key on (A-03)', async () => {
  const { client, sent } = recorded();
  const admin = authAdmin(client);
  await admin.roleGrantPermission('r', { type: 'read', key: 'k' });
  await admin.roleGrantPermission('r', { type: 'write', key: 'k/', prefix: true });
  await admin.roleGrantPermission('r', { type: 'readwrite', key: 'a', rangeEnd: 'c' });
  await admin.roleGrantPermission('r', { type: 'readwrite', key: 'k', fromKey: true });
  await admin.roleGrantPermission('r', { type: 'readwrite', key: '', prefix: true });
  const shown = sent.map(({ request }) => {
    const { type, key, rangeEnd } = (request as { permission: { type: string; key: Buffer; rangeEnd?: Buffer } })
      .permission;
    return [type, key.toString(), rangeEnd?.toString()];
  });
  assert.equal(shown, [
    ['read', 'k', undefined],
    ['write', 'k/', 'k0'],
    ['readwrite', 'a', 'c'],
    ['readwrite', 'k', '\0'],
    ['readwrite', '\0', '\0'],
  ]);
});

// The compiler refuses two forms that are written out.
const both: { fromKey: boolean } = { fromKey: true };

test('bad arguments are refused by name before anything is sent', async () => {
  const { client, sent } = recorded();
  const admin = authAdmin(client);
  const wrong: [code: string, argument: string, call: (auth: Auth) => Promise<unknown>][] = [
    ['USER_EMPTY', 'name', (one) => one.userAdd('', PASSWORD)],
    ['INVALID_ARGUMENT', 'password', (one) => one.userAdd('u', '')],
    ['INVALID_ARGUMENT', 'password', (one) => one.userAdd('u', {} as never)],
    ['INVALID_ARGUMENT', 'password', (one) => one.userAdd('u', undefined as never)],
    ['INVALID_ARGUMENT', 'name', (one) => one.userAdd('sentinel-\ud800', PASSWORD)],
    ['USER_EMPTY', 'name', (one) => one.userDelete('')],
    ['USER_EMPTY', 'name', (one) => one.userGet('')],
    ['INVALID_ARGUMENT', 'password', (one) => one.userChangePassword('u', '')],
    ['USER_EMPTY', 'name', (one) => one.userGrantRole('', 'r')],
    ['ROLE_EMPTY', 'role', (one) => one.userGrantRole('u', '')],
    ['ROLE_EMPTY', 'role', (one) => one.userRevokeRole('u', '')],
    ['INVALID_ARGUMENT', 'role', (one) => one.userRevokeRole('u', ['a', 'b'] as never)],
    ['ROLE_EMPTY', 'role', (one) => one.roleAdd('')],
    ['ROLE_EMPTY', 'role', (one) => one.roleDelete('')],
    ['ROLE_EMPTY', 'role', (one) => one.roleGet('')],
    ['INVALID_ARGUMENT', 'type', (one) => one.roleGrantPermission('r', { type: 'READ' as never, key: 'k' })],
    ['EMPTY_KEY', 'key', (one) => one.roleGrantPermission('r', { type: 'read', key: '' })],
    ['INVALID_ARGUMENT', 'rangeEnd', (one) => one.roleGrantPermission('r', { type: 'read', key: 'b', rangeEnd: 'a' })],
    [
      'INVALID_ARGUMENT',
      'fromKey',
      (one) => one.roleGrantPermission('r', { type: 'read', key: 'b', prefix: true, ...both }),
    ],
    ['EMPTY_KEY', 'key', (one) => one.roleRevokePermission('r', { key: '' })],
    ['INVALID_ARGUMENT', 'permission', (one) => one.roleGrantPermission('r', undefined as never)],
    ['INVALID_ARGUMENT', 'permission.perm', (one) => one.roleGrantPermission('r', { perm: 'read', key: 'k' } as never)],
    [
      'INVALID_ARGUMENT',
      'permission.prefix',
      (one) => one.roleGrantPermission('r', { type: 'read', key: 'k', prefix: 'true' as never }),
    ],
    ['INVALID_ARGUMENT', 'range', (one) => one.roleRevokePermission('r', 'k' as never)],
    ['INVALID_ARGUMENT', 'range.end', (one) => one.roleRevokePermission('r', { key: 'k', end: 'l' } as never)],
    ['INVALID_ARGUMENT', 'password.option', (one) => one.userAdd('u', { noPassword: true, option: 1 } as never)],
    ['INVALID_ARGUMENT', 'timeout', (one) => one.userAdd('u', PASSWORD, { timeout: 5 } as never)],
    ['INVALID_ARGUMENT', 'options', (one) => one.userAdd('u', PASSWORD, 'root' as never)],
    ['INVALID_ARGUMENT', 'options', (one) => one.userList(null as never)],
  ];
  for (const [code, argument, call] of wrong) await rejects(call(admin), { code, argument, outcome: 'not-applied' });
  assert.equal(sent, []);
});

test('methods work without their object', async () => {
  const { client, sent } = recorded();
  const { userList, roleAdd } = authAdmin(client);
  await userList();
  await roleAdd('r');
  assert.equal(
    sent.map(({ name }) => name),
    ['UserList', 'RoleAdd'],
  );
});

test('options of the factory are refused by name', () => {
  const { client } = recorded();
  for (const options of [null, 'insecure', { insecure: true }, { allowInsecure: 'yes' }]) {
    assert.throws(() => authAdmin(client, options as never), /INVALID_ARGUMENT: /);
  }
});

test('a wrapped client has no users and roles', async () => {
  const { client } = recorded();
  const admin = authAdmin(wrapClient(client, {}) as never);
  await rejects(admin.userList(), { code: 'INVALID_ARGUMENT', argument: 'client' });
});

test.run();
