import { authAdmin, type Auth } from '@etcdts/auth';
import { invoke, methods } from '@etcdts/core/plugin';
import { assert, isAtLeast, rejects } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import { root, type AuthServer } from './auth-etcd.ts';
import { limitedUser, nobody, outcomes, signIn } from './limited.ts';
import { RawEtcd, type Message } from '../raw-etcd.ts';

/** Adds the tests of users and roles, of their administration, and of what etcd refuses. */
export function authUsers(test: Suite, server: () => AuthServer): void {
  test('users are added, listed, given roles, changed and removed', async () => {
    const { admin } = server();
    await admin.userAdd('ann', 'sentinel-password 1');
    await admin.userAdd('cn', { noPassword: true });
    await rejects(admin.userAdd('ann', 'sentinel-password 2'), { code: 'USER_ALREADY_EXIST', outcome: 'not-applied' });
    const { users } = await admin.userList();
    assert.equal(
      users.filter((name) => ['ann', 'cn'].includes(name)),
      ['ann', 'cn'],
    );
    await admin.roleAdd('staff');
    await admin.roleAdd('admin');
    await admin.userGrantRole('ann', 'staff');
    await admin.userGrantRole('ann', 'staff');
    await admin.userGrantRole('ann', 'admin');
    assert.equal((await admin.userGet('ann')).roles, ['admin', 'staff']);
    await admin.userRevokeRole('ann', 'staff');
    assert.equal((await admin.userGet('ann')).roles, ['admin']);
    await rejects(admin.userRevokeRole('ann', 'staff'), { code: 'ROLE_NOT_GRANTED' });
    await rejects(admin.userGrantRole('ann', 'none'), { code: 'ROLE_NOT_FOUND' });
    await rejects(admin.userGrantRole('none', 'staff'), { code: 'USER_NOT_FOUND' });
    await admin.userChangePassword('ann', 'sentinel-password 2');
    for (const name of ['ann', 'cn']) await admin.userDelete(name);
    const ends = await outcomes(
      () => admin.userGet('ann'),
      () => admin.userDelete('ann'),
      () => admin.userChangePassword('ann', 'sentinel-password 3'),
      () => admin.userRevokeRole('ann', 'staff'),
    );
    assert.equal(ends, Array(4).fill('USER_NOT_FOUND'));
  });

  test('roles are added, listed and removed, from their users too', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'readwrite', key: 'removed/', prefix: true });
    await rejects(one.admin.roleAdd(user.name), { code: 'ROLE_ALREADY_EXIST', outcome: 'not-applied' });
    assert.ok((await one.admin.roleList()).roles.includes(user.name));
    await user.client.kv.put('removed/k', 'v');
    await one.admin.roleDelete(user.name);
    await rejects(user.client.kv.get('removed/k'), { code: 'PERMISSION_DENIED' });
    assert.equal((await one.admin.userGet(user.name)).roles, []);
    assert.not((await one.admin.roleList()).roles.includes(user.name));
    const missing = { code: 'ROLE_NOT_FOUND' };
    await rejects(one.admin.roleDelete(user.name), missing);
    await rejects(one.admin.roleGet(user.name), missing);
    await rejects(one.admin.roleGrantPermission(user.name, { type: 'read', key: 'k' }), missing);
    await rejects(one.admin.roleRevokePermission(user.name, { key: 'k' }), missing);
    await one.admin.roleAdd(user.name);
    assert.equal((await one.admin.roleGet(user.name)).permissions, []);
  });

  test('names have any letters, and are listed in the order of their bytes', async () => {
    const { admin } = server();
    const names = ['any/\u0001', 'any/é', 'any/\uffee', 'any/😀'];
    for (const name of names.toReversed()) {
      await admin.userAdd(name, 'sentinel-password of another');
      await admin.roleAdd(name);
      await admin.userGrantRole('any/😀', name);
    }
    const own = (all: readonly string[]): string[] => all.filter((name) => name.startsWith('any/'));
    assert.equal(own((await admin.userList()).users), names);
    assert.equal(own((await admin.roleList()).roles), names);
    assert.equal((await admin.userGet('any/😀')).roles, names);
    for (const name of names) {
      await admin.userDelete(name);
      await admin.roleDelete(name);
    }
  });

  test('names must not be empty, and what a role is granted must be there', async () => {
    const one = server();
    const token = await signIn(one, root.username, root.password);
    const raw = new RawEtcd(one.endpoint);
    const told = async (name: string, request: Message): Promise<string | undefined> =>
      (await raw.call(name, request, token)).error?.details;
    try {
      assert.is(
        await told('Auth.UserAdd', { name: '', password: 'sentinel-password of another' }),
        'etcdserver: user name is empty',
      );
      assert.is(await told('Auth.RoleAdd', { name: '' }), 'etcdserver: role name is empty');
      assert.is(await told('Auth.UserGet', { name: '' }), 'etcdserver: user name not found');
      // This request crashes older servers.
      if (isAtLeast(one.version, '3.5'))
        assert.is(await told('Auth.RoleGrantPermission', { name: 'app' }), 'etcdserver: permission not given');
      const [from, to] = [Buffer.from('c'), Buffer.from('b')];
      if (isAtLeast(one.version, '3.5')) {
        for (const perm of [{ key: from, rangeEnd: to }, { key: from, rangeEnd: from }, { rangeEnd: to }])
          assert.is(
            await told('Auth.RoleGrantPermission', { name: 'app', perm }),
            'etcdserver: invalid auth management',
          );
      }
    } finally {
      raw.close();
    }
  });

  test('a password has 72 bytes at most, and an empty new one fits nothing', async (t) => {
    const one = server();
    if (!isAtLeast(one.version, '3.5')) t.skip('this etcd takes longer ones and cuts them off');
    const long = { message: /bcrypt: password length exceeds 72 bytes/ };
    await using user = await limitedUser(one);
    await rejects(one.admin.userAdd('long', 'x'.repeat(73)), long);
    await rejects(one.admin.userAdd('long', 'é'.repeat(37)), long);
    await rejects(one.admin.userChangePassword(user.name, 'x'.repeat(73)), long);
    await using stranger = nobody(one);
    await rejects(authAdmin(stranger).userAdd('long', 'x'.repeat(73)), long);
    const password = 'x'.repeat(72);
    await one.admin.userChangePassword(user.name, password);
    await signIn(one, user.name, password);
    await signIn(one, user.name, `${password}and what is not looked at`);
    await invoke(one.client, methods.userChangePassword, { name: user.name, password: '' });
    for (const wrong of ['', password]) await rejects(signIn(one, user.name, wrong), { code: 'AUTH_FAILED' });
  });

  test('a user without a password cannot sign in with one, nor be given one', async () => {
    const one = server();
    await one.admin.userAdd('certified', { noPassword: true });
    const refused = { code: 'AUTH_FAILED', message: /password was given for no password user/ };
    await rejects(signIn(one, 'certified', 'sentinel-password to come'), refused);
    await rejects(signIn(one, 'certified', ''), refused);
    await one.admin.userChangePassword('certified', 'sentinel-password to come');
    await rejects(signIn(one, 'certified', 'sentinel-password to come'), refused);
  });

  test('users see their own roles and what these permit, and nothing of others', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'read', key: 'seen/', prefix: true });
    const own = authAdmin(user.client);
    assert.equal((await own.userGet(user.name)).roles, [user.name]);
    assert.is((await own.roleGet(user.name)).permissions.length, 1);
    const others = await outcomes(
      () => own.userGet('root'),
      () => own.userGet('none'),
      () => own.roleGet('app'),
      () => own.roleGet('none'),
    );
    assert.equal(others, Array(4).fill('PERMISSION_DENIED'));
    await using stranger = nobody(one);
    await rejects(authAdmin(stranger).userGet(user.name), { code: 'USER_EMPTY' });
    await rejects(authAdmin(stranger).roleGet(user.name), { code: 'USER_EMPTY' });
  });

  test('who has not the role root administers nothing', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'readwrite', key: '', prefix: true });
    const everything = (own: Auth): (() => Promise<unknown>)[] => [
      () => own.userAdd('other', 'sentinel-password of another'),
      () => own.userDelete(user.name),
      () => own.userList(),
      () => own.userChangePassword(user.name, 'sentinel-password to come'),
      () => own.userGrantRole(user.name, 'root'),
      () => own.userRevokeRole(user.name, user.name),
      () => own.roleAdd('other'),
      () => own.roleDelete(user.name),
      () => own.roleList(),
      () => own.roleGrantPermission(user.name, { type: 'read', key: 'k' }),
      () => own.roleRevokePermission(user.name, { key: '', prefix: true }),
      () => own.enable(),
      () => own.disable(),
    ];
    const refusals = await outcomes(...everything(authAdmin(user.client)));
    assert.equal(refusals, Array(13).fill('PERMISSION_DENIED'));
    await using stranger = nobody(one);
    assert.equal(await outcomes(...everything(authAdmin(stranger))), Array(13).fill('USER_EMPTY'));
    await user.client.kv.put('administers/nothing', 'else');
  });

  test('root keeps its name and its role; whoever has the role may do everything', async () => {
    const one = server();
    const kept = { code: 'INVALID_AUTH_MGMT', outcome: 'not-applied' };
    await rejects(one.admin.userDelete('root'), kept);
    await rejects(one.admin.userRevokeRole('root', 'root'), kept);
    await rejects(one.admin.roleDelete('root'), kept);
    await using user = await limitedUser(one);
    await rejects(user.client.kv.put('powers/k', 'v'), { code: 'PERMISSION_DENIED' });
    await one.admin.userGrantRole(user.name, 'root');
    await user.client.kv.put('powers/k', 'v');
    await user.client.kv.get('', { prefix: true });
    await authAdmin(user.client).userAdd('powers', 'sentinel-password of another');
    await one.admin.userRevokeRole(user.name, 'root');
    await rejects(user.client.kv.get('powers/k'), { code: 'PERMISSION_DENIED' });
    await rejects(authAdmin(user.client).userDelete('powers'), { code: 'PERMISSION_DENIED' });
  });
}
