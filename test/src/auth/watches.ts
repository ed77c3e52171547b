import { auth } from '@etcdts/auth';
import { createClient, isEtcdError, type EtcdClient, type WatchEvent, type WatchStream } from '@etcdts/core';
import { assert, eventually, rejects, startProxy } from '@etcdts/testing';
import type { FaultProxy, Suite } from '@etcdts/testing';
import { EXPIRY_MS, type AuthServer } from './auth-etcd.ts';
import { limitedUser, outcomes, type LimitedUser } from './limited.ts';
import { Recording } from '../watch-history.ts';

/** Adds the tests of which watches are permitted, and for how long. */
export function authWatches(test: Suite, server: () => AuthServer): void {
  /** A client of the user with connections that can be cut. */
  const behind = ({ endpoint }: FaultProxy, { name, password }: LimitedUser): EtcdClient =>
    createClient({ endpoints: endpoint, interceptors: [auth({ username: name, password })] });

  test('a watch needs the right to read all that it watches, and no more with prevKv', async () => {
    await using user = await limitedUser(
      server(),
      { type: 'read', key: 'watches/read/', prefix: true },
      { type: 'write', key: 'watches/write/', prefix: true },
      { type: 'read', key: 'x', fromKey: true },
    );
    const create =
      (...given: Parameters<EtcdClient['watch']>) =>
      async (): Promise<void> => {
        const watch = user.client.watch(...given);
        await watch.created;
        await watch.cancel();
      };
    const permitted = await outcomes(
      create('watches/read/k', { prevKv: true }),
      create('watches/read/', { prefix: true }),
      create('watches/read/a', { rangeEnd: 'watches/read/b' }),
      create('y', { fromKey: true }),
    );
    assert.equal(permitted, Array(4).fill('ok'));
    const refused = await outcomes(
      create('watches/write/k'),
      create('watches/', { prefix: true }),
      create('watches/read/a', { rangeEnd: 'watches/read0\0' }),
      create('w', { fromKey: true }),
      create('', { prefix: true }),
    );
    assert.equal(refused, Array(5).fill('PERMISSION_DENIED'));
  });

  test('a watch that is refused leaves the others on its stream alone', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'readwrite', key: 'beside/', prefix: true });
    const watch = user.client.watch('beside/k');
    await watch.created;
    await rejects(user.client.watch('other').created, { code: 'PERMISSION_DENIED' });
    await user.client.kv.put('beside/k', 'v');
    assert.is((await first(watch)).kv.text(), 'v');
  });

  test('a watch is added to a stream whose token has expired, and the first one goes on (H25)', async () => {
    const one = server();
    await using client = one.as();
    const old = client.watch('app/added/1');
    await old.created;
    await one.pass(EXPIRY_MS);
    const added = client.watch('app/added/2');
    await added.created;
    const events = [first(old), first(added)];
    await client.kv.put('app/added/1', 'a');
    await client.kv.put('app/added/2', 'b');
    assert.equal(
      (await Promise.all(events)).map(({ kv }) => kv.text()),
      ['a', 'b'],
    );
  });

  test('a watch that is resumed after its token has expired misses nothing (H25)', async () => {
    const one = server();
    await using proxy = await startProxy(one.endpoint);
    await using user = await limitedUser(one, { type: 'read', key: 'resumed/', prefix: true });
    await using client = behind(proxy, user);
    const watch = client.watch('resumed/', { prefix: true });
    await watch.created;
    const recording = new Recording(watch);
    const history: string[] = [];
    const put = async (key: string): Promise<void> => {
      const { header } = await one.client.kv.put(`resumed/${key}`, '');
      history.push(`${header.revision} put resumed/${key}`);
    };
    for (let i = 0; i < 3; i++) {
      await put(`before-${i}`);
      await one.pass(EXPIRY_MS);
      // Each stream begins with an expired token.
      proxy.cut();
      await put(`after-${i}`);
      await eventually(() => recording.events === history.length, { timeoutMs: 10_000 });
    }
    recording.assertEquals(history);
    await watch.cancel();
  });

  test('a watch whose rights were taken away goes on until it is registered again, and then ends with why (A-15, H34)', async () => {
    const one = server();
    await using proxy = await startProxy(one.endpoint);
    await using user = await limitedUser(one, { type: 'read', key: 'rights/', prefix: true });
    await using client = behind(proxy, user);
    const watch = client.watch('rights/k');
    await watch.created;
    const recording = new Recording(watch);
    await one.admin.roleRevokePermission(user.name, { key: 'rights/', prefix: true });
    await one.client.kv.put('rights/k', 'still seen');
    await eventually(() => recording.events === 1);
    proxy.cut();
    assert.is(await ended(recording), 'PERMISSION_DENIED');
  });

  test('a watch whose user has another password, or is gone, ends with AUTH_FAILED when it needs a token', async () => {
    const one = server();
    for (const end of [
      (name: string) => one.admin.userChangePassword(name, 'sentinel-password to come'),
      (name: string) => one.admin.userDelete(name),
    ]) {
      await using proxy = await startProxy(one.endpoint);
      await using user = await limitedUser(one, { type: 'read', key: 'gone/', prefix: true });
      await using client = behind(proxy, user);
      const watch = client.watch('gone/k');
      await watch.created;
      const recording = new Recording(watch);
      await end(user.name);
      await one.client.kv.put('gone/k', 'still seen');
      await eventually(() => recording.events === 1);
      proxy.cut();
      assert.is(await ended(recording), 'AUTH_FAILED');
    }
  });
}

async function first(watch: WatchStream): Promise<WatchEvent> {
  for await (const event of watch.events()) return event;
  throw new Error('the watch ended');
}

async function ended(recording: Recording): Promise<string> {
  await eventually(() => recording.ended, { timeoutMs: 10_000 });
  return isEtcdError(recording.error) ? recording.error.code : String(recording.error);
}
