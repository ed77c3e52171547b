// limit: 240 s
import { auth, authAdmin } from '@etcdts/auth';
import { createClient, invoke, methods, type WatchEvent } from '@etcdts/core';
import { assert, eventually, rejects, suite } from '@etcdts/testing';
import { app, root, sleep, startAuthEtcd, TTL_MS, type AuthEtcd, type TokenKind } from './auth-etcd.ts';

/** Long enough for an idle token of either kind to have expired; etcd looks once a second. */
const EXPIRY_MS = TTL_MS + 1_500;

for (const kind of ['simple', 'jwt'] satisfies TokenKind[]) {
  const test = suite(`auth with ${kind} tokens`, { timeoutMs: 30_000 });
  let one: AuthEtcd;
  test.before(async () => {
    one = await startAuthEtcd(kind);
  });
  test.after(() => one?.[Symbol.asyncDispose]());

  test('a hundred calls in flight at expiry see no error and cause one Authenticate (A-09, H32)', async () => {
    await using client = one.as();
    await client.kv.put('app/expiry', '0');
    await sleep(EXPIRY_MS);
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

  test('calls that go on across expiries see no error, with one Authenticate for each', async () => {
    await using client = one.as();
    await client.kv.get('app/load');
    const before = await one.authenticates();
    const until = performance.now() + 2.5 * TTL_MS;
    let calls = 0;
    const work = async (): Promise<void> => {
      while (performance.now() < until) {
        await client.kv.put('app/load', String(calls++));
        await sleep(20);
      }
    };
    await Promise.all(Array.from({ length: 100 }, work));
    // A simple token lives on by being used.
    const renewals = (await one.authenticates()) - before;
    if (kind === 'simple') assert.is(renewals, 0);
    else assert.ok(renewals >= 2 && renewals <= 3, `${renewals} renewals, ${calls} calls`);
    assert.is((await client.kv.get('app/load')).kvs[0]?.version, calls);
  });

  test('calls in flight while users and roles change see no error', async () => {
    await using client = one.as();
    let done = false;
    let calls = 0;
    const work = async (): Promise<void> => {
      for (; !done; calls++) await client.kv.put('app/changes', 'x');
    };
    const working = Promise.all([work(), work(), work(), work()]);
    for (let i = 0; i < 10; i++) {
      await one.admin.roleAdd(`changes-${i}`);
      await one.admin.roleGrantPermission(`changes-${i}`, { type: 'read', key: 'changes', fromKey: true });
      await one.admin.userGrantRole('app', `changes-${i}`);
      await sleep(50);
      await one.admin.userRevokeRole('app', `changes-${i}`);
      await one.admin.roleDelete(`changes-${i}`);
      await sleep(50);
    }
    done = true;
    await working;
    assert.ok(calls > 100, `${calls} calls`);
  });

  test('one token serves every stream (A-08, B-05)', async () => {
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

  test('a watch is added to a stream whose token has expired, and the first one goes on (H25)', async () => {
    await using client = one.as();
    const first = client.watch('app/added/1');
    const created = await first.created;
    assert.ok(created.revision > 0n);
    await sleep(EXPIRY_MS);
    const second = client.watch('app/added/2');
    await second.created;
    const events = [first.events()[Symbol.asyncIterator]().next(), second.events()[Symbol.asyncIterator]().next()];
    await client.kv.put('app/added/1', 'a');
    await client.kv.put('app/added/2', 'b');
    const texts = (await Promise.all(events)).map(({ value }) => (value as WatchEvent).kv.text());
    assert.equal(texts, ['a', 'b']);
    await Promise.all([first.cancel(), second.cancel()]);
  });

  test('a lease is kept, renewed once and looked up across an expiry', async () => {
    await using client = one.as();
    const { id } = await client.lease.grant(30);
    await client.kv.put('app/leased', 'x', { lease: id });
    await using keepAlive = client.lease.keepAlive(id);
    await keepAlive[Symbol.asyncIterator]().next();
    await sleep(EXPIRY_MS);
    await client.lease.keepAliveOnce(id);
    assert.ok((await client.lease.timeToLive(id)).ttl > 25);
    assert.not(keepAlive.signal.aborted);
    await client.lease.revoke(id);
  });

  test('a snapshot and paged reads begin with a token that has expired', async () => {
    await using client = one.as(root);
    for (let i = 0; i < 3; i++) await client.kv.put(`app/pages/${i}`, 'x');
    await sleep(EXPIRY_MS);
    let read = 0;
    for await (const page of client.kv.pages('app/pages/', { prefix: true, pageSize: 2 })) read += page.kvs.length;
    assert.is(read, 3);
    await sleep(EXPIRY_MS);
    let bytes = 0;
    for await (const chunk of client.maintenance.snapshot()) bytes += chunk.length;
    assert.ok(bytes > 10_000);
  });

  test('what a role does not permit is refused at once, for calls and for watches', async () => {
    await using client = one.as();
    await client.kv.get('app/denied');
    const before = await one.authenticates();
    await rejects(client.kv.put('other', 'x'), { code: 'PERMISSION_DENIED', outcome: 'not-applied', attempts: 1 });
    await rejects(client.watch('other').created, { code: 'PERMISSION_DENIED' });
    await rejects(authAdmin(client).userList(), { code: 'PERMISSION_DENIED' });
    assert.is(await one.authenticates(), before);
  });

  test('a wrong password is said once for all, and etcd is left alone for a while (H33)', async () => {
    await using client = one.as({ username: 'app', password: 'sentinel-password that is wrong' });
    const before = await one.authenticates();
    const started = performance.now();
    await Promise.all(
      Array.from({ length: 20 }, () =>
        rejects(client.kv.put('app/x', 'x'), { code: 'AUTH_FAILED', outcome: 'not-applied' }),
      ),
    );
    await rejects(client.watch('app/x').created, { code: 'AUTH_FAILED' });
    await rejects(client.kv.put('app/x', 'x'), { code: 'AUTH_FAILED', outcome: 'not-applied' });
    if (performance.now() - started < 500) assert.is((await one.authenticates()) - before, 1);
    await one.admin.userChangePassword('app', 'sentinel-password that is wrong');
    await eventually(() => client.kv.put('app/x', 'x'), { timeoutMs: 5_000, intervalMs: 50 });
    await one.admin.userChangePassword('app', app.password);
  });

  test('a token of the application is used, and asked for again when it has expired', async () => {
    await using plain = createClient({ endpoints: one.etcd.endpoints });
    let asked = 0;
    const token = async (): Promise<string> => {
      asked++;
      return (await invoke(plain, methods.authenticate, { name: app.username, password: app.password })).token;
    };
    await using client = createClient({ endpoints: one.etcd.endpoints, interceptors: [auth({ token })] });
    await using fixed = createClient({ endpoints: one.etcd.endpoints, interceptors: [auth({ token: await token() })] });
    await client.kv.put('app/token', 'x');
    await fixed.kv.put('app/token', 'x');
    await sleep(EXPIRY_MS);
    await client.kv.put('app/token', 'x');
    await rejects(fixed.kv.put('app/token', 'x'), { code: 'INVALID_AUTH_TOKEN', outcome: 'not-applied' });
    assert.is(asked, 3);
  });

  test('a member that was restarted knows no old token, and calls and watches go on', async () => {
    await using client = one.as();
    const watch = client.watch('app/restart');
    await watch.created;
    await one.etcd.members[0]?.restart();
    await eventually(() => client.kv.put('app/restart', 'x'), { timeoutMs: 10_000 });
    for await (const event of watch.events()) {
      assert.is(event.kv.text(), 'x');
      break;
    }
  });

  test('authentication is switched off and on under a client, which recovers by itself (A-13)', async () => {
    await using client = one.as();
    await client.kv.put('app/off', '1');
    await one.admin.disable();
    await client.kv.put('app/off', '2');
    await using late = one.as();
    await late.kv.put('app/off', '3');
    assert.is((await one.admin.status()).enabled, false);
    await one.admin.enable();
    await Promise.all([client.kv.put('app/off', '4'), late.kv.put('app/off', '5'), late.watch('app/off').created]);
    assert.is((await one.admin.status()).enabled, true);
    const { kvs } = await client.kv.get('app/off');
    assert.is(kvs[0]?.version, 5);
  });

  test('etcd refuses calls without a token, by name', async () => {
    await using client = createClient({ endpoints: one.etcd.endpoints });
    await rejects(client.kv.put('app/none', 'x'), { code: 'USER_EMPTY', outcome: 'not-applied' });
    await rejects(client.watch('app/none').created, { code: 'USER_EMPTY' });
  });

  test.run();
}
