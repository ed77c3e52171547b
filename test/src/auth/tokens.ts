import { auth, authAdmin } from '@etcdts/auth';
import { createClient } from '@etcdts/core';
import { assert, eventually, rejects } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import { EXPIRY_MS, root, TTL_MS, type AuthServer } from './auth-etcd.ts';
import { limitedUser, nobody, outcomes, signIn, withToken, type LimitedUser } from './limited.ts';

/** Adds the tests of how users sign in, and of how long tokens live. */
export function authTokens(test: Suite, server: () => AuthServer): void {
  test('a hundred calls in flight at expiry see no error and cause one Authenticate (A-09, H32)', async () => {
    const one = server();
    await using client = one.as();
    await client.kv.put('app/expiry', '0');
    await one.pass(EXPIRY_MS);
    const before = await one.authenticates();
    const calls = Array.from({ length: 100 }, (_, i) =>
      i % 2 === 0 ? client.kv.put(`app/expiry/${i}`, 'x') : client.kv.get('app/expiry'),
    );
    await Promise.all(calls);
    assert.is((await one.authenticates()) - before, 1);
    const { kvs } = await client.kv.get('app/expiry/', { prefix: true });
    assert.is(kvs.length, 50);
    assert.ok(
      kvs.every(({ version }) => version === 1),
      'nothing is written twice',
    );
  });

  test('calls in flight while users and roles change see no error', async () => {
    const one = server();
    await using client = one.as();
    let done = false;
    let calls = 0;
    const work = async (): Promise<void> => {
      for (; !done; calls++) await client.kv.put('app/changes', 'x');
    };
    const working = Promise.all([work(), work(), work(), work()]);
    const some = (): Promise<unknown> => {
      const reached = calls + 20;
      return eventually(() => calls >= reached, { intervalMs: 5 });
    };
    for (let i = 0; i < 10; i++) {
      await one.admin.roleAdd(`changes-${i}`);
      await one.admin.roleGrantPermission(`changes-${i}`, { type: 'read', key: 'changes', fromKey: true });
      await one.admin.userGrantRole('app', `changes-${i}`);
      await some();
      await one.admin.userRevokeRole('app', `changes-${i}`);
      await one.admin.roleDelete(`changes-${i}`);
      await some();
    }
    done = true;
    await working;
    assert.is((await client.kv.get('app/changes')).kvs[0]?.version, calls);
  });

  test('W-11 one token serves every stream (A-08, B-05)', async () => {
    const one = server();
    await using client = one.as();
    await client.kv.get('app/streams');
    const before = await one.authenticates();
    const watches = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const watch = client.watch(`app/streams/${i}`, { metadata: { own: String(i) } });
        await watch.created;
        return watch;
      }),
    );
    await Promise.all(watches.map((watch) => watch.cancel()));
    assert.is(await one.authenticates(), before);
  });

  test('a lease is kept, renewed once and looked up across an expiry', async () => {
    const one = server();
    await using client = one.as();
    const { id } = await client.lease.grant(30);
    await client.kv.put('app/leased', 'x', { lease: id });
    await using keepAlive = client.lease.keepAlive(id);
    await keepAlive[Symbol.asyncIterator]().next();
    await one.pass(EXPIRY_MS);
    await client.lease.keepAliveOnce(id);
    assert.ok((await client.lease.timeToLive(id)).ttl > 25);
    assert.not(keepAlive.signal.aborted);
    await client.lease.revoke(id);
  });

  test('paged reads begin with a token that has expired', async () => {
    const one = server();
    await using client = one.as(root);
    for (let i = 0; i < 3; i++) await client.kv.put(`app/pages/${i}`, 'x');
    await one.pass(EXPIRY_MS);
    let read = 0;
    for await (const page of client.kv.pages('app/pages/', { prefix: true, pageSize: 2 })) read += page.kvs.length;
    assert.is(read, 3);
  });

  test('what a role does not permit is refused at once, for calls and for watches', async () => {
    const one = server();
    await using client = one.as();
    await client.kv.get('app/denied');
    const before = await one.authenticates();
    await rejects(client.kv.put('other', 'x'), { code: 'PERMISSION_DENIED', outcome: 'not-applied', attempts: 1 });
    await rejects(client.watch('other').created, { code: 'PERMISSION_DENIED' });
    await rejects(authAdmin(client).userList(), { code: 'PERMISSION_DENIED' });
    assert.is(await one.authenticates(), before);
  });

  test('who cannot sign in is not told why', async () => {
    const one = server();
    const refused = { code: 'AUTH_FAILED', outcome: 'not-applied' };
    for (const [name, password] of [
      ['app', 'sentinel-password that is wrong'],
      ['app', ''],
      ['none', 'sentinel-password that is wrong'],
      ['', ''],
    ] as const)
      await rejects(signIn(one, name, password), refused);
  });

  test('a wrong password is said once for all, and etcd is left alone for a while (H33)', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'readwrite', key: 'password/', prefix: true });
    await using client = one.as({ username: user.name, password: 'sentinel-password that is wrong' });
    const refused = { code: 'AUTH_FAILED', outcome: 'not-applied' };
    const before = await one.authenticates();
    const started = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => rejects(client.kv.put('password/x', 'x'), refused)));
    await rejects(client.watch('password/x').created, { code: 'AUTH_FAILED' });
    await rejects(client.kv.put('password/x', 'x'), refused);
    if (performance.now() - started < 500) assert.is((await one.authenticates()) - before, 1);
    await one.admin.userChangePassword(user.name, 'sentinel-password that is wrong');
    await eventually(() => client.kv.put('password/x', 'x'), { timeoutMs: 5_000, intervalMs: 50 });
  });

  test('a token of the application is used, and fetched again when it has expired', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'readwrite', key: 'token/', prefix: true });
    let asked = 0;
    const token = (): Promise<string> => (asked++, signIn(one, user.name, user.password));
    await using client = createClient({ endpoints: one.endpoint, interceptors: [auth({ token })] });
    await using fixed = withToken(one, await token());
    await client.kv.put('token/k', 'x');
    await fixed.kv.put('token/k', 'x');
    await one.pass(EXPIRY_MS);
    await client.kv.put('token/k', 'x');
    await rejects(fixed.kv.put('token/k', 'x'), { code: 'INVALID_AUTH_TOKEN', outcome: 'not-applied' });
    assert.is(asked, 3);
  });

  test('calls without a token, and with one that is none, are refused by name', async () => {
    const one = server();
    const tries = (client: LimitedUser['client']): Promise<string[]> =>
      outcomes(
        () => client.kv.put('app/none', 'x'),
        () => client.kv.get('app/none'),
        () => client.watch('app/none').created,
        () => authAdmin(client).userList(),
      );
    await using stranger = nobody(one);
    assert.equal(await tries(stranger), Array(4).fill('USER_EMPTY'));
    for (const token of ['sentinel-token', 'sentinel-token.1', 'sentinel.token.c']) {
      await using wrong = withToken(one, token);
      assert.equal(await tries(wrong), Array(4).fill('INVALID_AUTH_TOKEN'), token);
    }
  });

  test('a new password, and the end of a user, end the tokens that were given before', async () => {
    const one = server();
    // A JWT contains its age.
    const ended = { code: one.tokens === 'jwt' ? 'AUTH_OLD_REVISION' : 'INVALID_AUTH_TOKEN', outcome: 'not-applied' };
    await using user = await limitedUser(one, { type: 'readwrite', key: 'ended/', prefix: true });
    await using other = await limitedUser(one, { type: 'readwrite', key: 'ended/', prefix: true });
    await using first = withToken(one, await signIn(one, user.name, user.password));
    await using others = withToken(one, await signIn(one, other.name, other.password));
    await first.kv.put('ended/k', 'v');
    await one.admin.userChangePassword(user.name, 'sentinel-password to come');
    await rejects(first.kv.put('ended/k', 'v'), ended);
    await rejects(signIn(one, user.name, user.password), { code: 'AUTH_FAILED' });
    await using second = withToken(one, await signIn(one, user.name, 'sentinel-password to come'));
    await second.kv.put('ended/k', 'v');
    await one.admin.userDelete(user.name);
    await rejects(second.kv.get('ended/k'), ended);
    await rejects(signIn(one, user.name, 'sentinel-password to come'), { code: 'AUTH_FAILED' });
    await one.admin.userAdd(user.name, 'sentinel-password to come');
    await one.admin.userGrantRole(user.name, user.name);
    await rejects(second.kv.get('ended/k'), ended);
    assert.is((await other.client.kv.get('ended/k')).kvs[0]?.version, 2);
    if (one.tokens === 'simple') await others.kv.get('ended/k');
  });

  test('a client whose password was changed meanwhile is told so, and goes on once it is the right one again', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'readwrite', key: 'again/', prefix: true });
    await user.client.kv.put('again/k', 'v');
    await one.admin.userChangePassword(user.name, 'sentinel-password to come');
    await rejects(user.client.kv.put('again/k', 'v'), { code: 'AUTH_FAILED', outcome: 'not-applied' });
    await one.admin.userChangePassword(user.name, user.password);
    await eventually(() => user.client.kv.put('again/k', 'v'), { timeoutMs: 5_000, intervalMs: 50 });
  });

  test('a simple token lives on by being used, and ends with authentication', async (t) => {
    const one = server();
    if (one.tokens !== 'simple') t.skip('these are no simple tokens');
    await using fixed = withToken(one, await signIn(one, root.username, root.password));
    for (let i = 0; i < 2; i++) {
      await one.pass(TTL_MS * 0.7);
      await fixed.kv.put('simple/k', 'v');
    }
    await one.admin.disable();
    await one.admin.enable();
    await rejects(fixed.kv.put('simple/k', 'v'), { code: 'INVALID_AUTH_TOKEN' });
  });
}
