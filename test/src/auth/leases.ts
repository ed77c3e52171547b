import { assert, eventually, rejects } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import type { AuthServer } from './auth-etcd.ts';
import { asksEverywhere, DENIED, foreignLease, limitedUser, nobody, outcomes, withToken } from './limited.ts';

/** Adds the tests of permissions on leases, which depend on their keys. */
export function authLeases(test: Suite, server: () => AuthServer): void {
  test('a lease that is attached to keys which a user may not write is not for that user', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'readwrite', key: 'leases/own/', prefix: true });
    const { kv, lease } = user.client;
    await using lent = await foreignLease(one);
    const { id } = lent;
    await kv.put('leases/own/a', 'v', { lease: id });
    await one.client.kv.put('leases/foreign', 'v', { lease: id });
    await rejects(kv.put('leases/own/b', 'v', { lease: id }), DENIED);
    await rejects(lease.revoke(id), DENIED);
    assert.is((await lease.timeToLive(id)).keys.length, 0);
    assert.is((await kv.get('leases/own/', { prefix: true })).count, 1);
    await one.admin.roleGrantPermission(user.name, { type: 'write', key: 'leases/foreign' });
    await kv.put('leases/own/b', 'v', { lease: id });
    await lease.revoke(id);
    assert.is((await one.client.kv.get('leases/', { prefix: true })).count, 0);
  });

  test('a lease without keys is for whoever has signed in', async () => {
    const one = server();
    await using user = await limitedUser(one);
    await using lent = await foreignLease(one);
    const { id } = lent;
    await user.client.lease.keepAliveOnce(id);
    assert.equal((await user.client.lease.timeToLive(id, { keys: true })).keys, []);
    await user.client.lease.revoke(id);
    await rejects(user.client.lease.revoke(id), { code: 'LEASE_NOT_FOUND' });
  });

  test('the keys of a lease are listed for users who may read all of them', async (t) => {
    const one = server();
    await using some = await limitedUser(one, { type: 'read', key: 'told/a' });
    await using all = await limitedUser(one, { type: 'read', key: 'told/', prefix: true });
    await using lent = await foreignLease(one);
    const { id } = lent;
    for (const key of ['told/a', 'told/b']) await one.client.kv.put(key, 'v', { lease: id });
    const keysOf = async ({ client } = all): Promise<string> =>
      (await client.lease.timeToLive(id, { keys: true })).keys.toSorted(Buffer.compare).join();
    assert.is(await keysOf(), 'told/a,told/b');
    assert.is((await some.client.lease.timeToLive(id)).ttl > 500, true);
    const told = await outcomes(() => keysOf(some));
    if (told[0] === 'ok' && !asksEverywhere(one)) t.skip('this etcd checks no rights to them');
    assert.equal(told, ['PERMISSION_DENIED']);
  });

  test('who may write the keys of a lease keeps it alive, and who may read those of all sees the list', async (t) => {
    const one = server();
    if (!asksEverywhere(one)) t.skip('this etcd lets everybody');
    await using user = await limitedUser(one, { type: 'read', key: 'kept/', prefix: true });
    const { lease } = user.client;
    await using lent = await foreignLease(one);
    const { id } = lent;
    await one.client.kv.put('kept/k', 'v', { lease: id });
    await rejects(lease.keepAliveOnce(id), { code: 'PERMISSION_DENIED' });
    assert.ok((await lease.leases()).leases.includes(id));
    await one.admin.roleGrantPermission(user.name, { type: 'readwrite', key: 'kept/', prefix: true });
    assert.is((await lease.keepAliveOnce(id)).ttl, 600);
    await one.admin.roleRevokePermission(user.name, { key: 'kept/', prefix: true });
    await rejects(lease.leases(), DENIED);
    assert.ok((await one.client.lease.leases()).leases.includes(id));
  });

  test('a lease is lost to a user from whom the right to its keys is taken, and others are kept', async (t) => {
    const one = server();
    if (!asksEverywhere(one)) t.skip('this etcd lets everybody keep it alive');
    await using user = await limitedUser(one, { type: 'write', key: 'lost/k' });
    const { id } = await user.client.lease.grant(3);
    await user.client.kv.put('lost/k', 'v', { lease: id });
    await using keepAlive = user.client.lease.keepAlive(id);
    await using other = user.client.lease.keepAlive((await user.client.lease.grant(3)).id);
    for (const each of [keepAlive, other]) await each[Symbol.asyncIterator]().next();
    await one.admin.roleRevokePermission(user.name, { key: 'lost/k' });
    await eventually(() => keepAlive.signal.aborted, { timeoutMs: 10_000, describe: 'the loss shows' });
    const { code, cause } = keepAlive.signal.reason;
    assert.equal([code, cause.code], ['LEASE_LOST', 'PERMISSION_DENIED']);
    await eventually(async () => (await one.client.kv.get('lost/k')).count === 0, { timeoutMs: 10_000 });
    assert.not(other.signal.aborted);
  });

  test('nobody has no part in leases', async (t) => {
    const one = server();
    if (!asksEverywhere(one)) t.skip('this etcd checks no caller');
    await using stranger = nobody(one);
    await using wrong = withToken(one, 'sentinel-token');
    await using lent = await foreignLease(one);
    const { id } = lent;
    const everything = ({ lease } = stranger): (() => Promise<unknown>)[] => [
      () => lease.grant(600),
      () => lease.keepAliveOnce(id),
      () => lease.timeToLive(id),
      () => lease.timeToLive(id, { keys: true }),
      () => lease.leases(),
      () => lease.revoke(id),
    ];
    assert.equal(await outcomes(...everything()), Array(6).fill('USER_EMPTY'));
    assert.equal(await outcomes(...everything(wrong)), Array(6).fill('INVALID_AUTH_TOKEN'));
  });
}
