import { auth, authAdmin } from '@etcdts/auth';
import { createClient } from '@etcdts/core';
import { invoke, methods } from '@etcdts/core/plugin';
import { assert, isAtLeast, rejects } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import { addUsers, app, root, type AuthServer } from './auth-etcd.ts';
import type { Server } from '../contract-clients.ts';
import { limitedUser, nobody } from './limited.ts';

/** Adds the tests that switch authentication on and off. `start` makes an etcd that has none yet. */
export function authEnabling(test: Suite, server: () => AuthServer, start: () => Promise<Server>): void {
  /** Older releases have no RPC for it. */
  const tellsStatus = (): boolean => isAtLeast(server().version, '3.5');

  test('authentication needs root with its role; switching twice is no error (A-04)', async () => {
    await using etcd = await start();
    await using client = createClient({ endpoints: etcd.endpoint, interceptors: [auth(root)] });
    const admin = authAdmin(client);
    const enabled = async (): Promise<boolean> => !tellsStatus() || (await admin.status()).enabled;
    await rejects(admin.enable(), { code: 'ROOT_USER_NOT_EXIST' });
    await admin.userAdd('root', root.password);
    await rejects(admin.enable(), { code: 'ROOT_ROLE_NOT_EXIST' });
    await admin.userDelete('root');
    await addUsers(admin);
    if (tellsStatus()) assert.not(await enabled());
    await admin.enable();
    await admin.enable();
    assert.ok(await enabled());
    await using stranger = createClient({ endpoints: etcd.endpoint });
    await rejects(stranger.kv.get('app/k'), { code: 'USER_EMPTY' });
    await admin.disable();
    await admin.disable();
    if (tellsStatus()) assert.not(await enabled());
    await stranger.kv.get('app/k');
  });

  test('while authentication is off nobody signs in, and no token is looked at', async () => {
    await using etcd = await start();
    // Older releases check tokens nevertheless.
    const interceptors = isAtLeast(server().version, '3.5') ? [auth({ token: 'sentinel-token' })] : [];
    await using client = createClient({ endpoints: etcd.endpoint, interceptors });
    await rejects(invoke(client, methods.authenticate, { name: app.username, password: app.password }), {
      code: 'AUTH_NOT_ENABLED',
    });
    await client.kv.put('k', 'v');
    await authAdmin(client).userAdd('ann', 'sentinel-password of another');
  });

  test('the revision counts changes of users, roles and permissions, and that it is switched off', async (t) => {
    if (!tellsStatus()) t.skip('this etcd returns no revision');
    await using etcd = await start();
    await using client = createClient({ endpoints: etcd.endpoint, interceptors: [auth(root)] });
    const admin = authAdmin(client);
    assert.is((await admin.status()).authRevision, 1n);
    await addUsers(admin);
    assert.is((await admin.status()).authRevision, 7n);
    for (const none of [
      () => admin.enable(),
      () => admin.userGrantRole('app', 'app'),
      () => client.kv.put('k', 'v'),
      () => rejects(admin.userAdd('app', 'sentinel-password of another'), { code: 'USER_ALREADY_EXIST' }),
    ]) {
      await none();
      assert.is((await admin.status()).authRevision, 7n, String(none));
    }
    await admin.roleRevokePermission('app', { key: 'app/', prefix: true });
    await admin.userChangePassword('app', 'sentinel-password to come');
    assert.is((await admin.status()).authRevision, 9n);
    await admin.disable();
    assert.is((await admin.status()).authRevision, 10n);
  });

  test('who is told the status depends on the release', async (t) => {
    if (!tellsStatus()) t.skip('this etcd has no status');
    await using limited = await limitedUser(server());
    await using stranger = nobody(server());
    if (isAtLeast(server().version, '3.7')) {
      assert.ok((await authAdmin(limited.client).status()).enabled);
      assert.ok((await authAdmin(stranger).status()).enabled);
    } else {
      await rejects(authAdmin(limited.client).status(), { code: 'PERMISSION_DENIED' });
      await rejects(authAdmin(stranger).status(), { code: 'USER_EMPTY' });
    }
  });

  test('authentication is switched off and on under a client, which recovers by itself (A-13)', async () => {
    const one = server();
    await using client = one.as();
    await client.kv.put('app/off', '1');
    await one.admin.disable();
    await client.kv.put('app/off', '2');
    await using late = one.as();
    await late.kv.put('app/off', '3');
    await one.admin.enable();
    await Promise.all([client.kv.put('app/off', '4'), late.kv.put('app/off', '5'), late.watch('app/off').created]);
    const { kvs } = await client.kv.get('app/off');
    assert.is(kvs[0]?.version, 5);
  });
}
