import { op } from '@etcdts/core';
import { assert, isAtLeast, rejects } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import type { AuthServer } from './auth-etcd.ts';
import { DENIED, limitedUser, nobody, outcomes, signIn } from './limited.ts';
import { RawEtcd } from '../raw-etcd.ts';

/** Adds the tests of what permissions allow. */
export function authPermissions(test: Suite, server: () => AuthServer): void {
  test('permissions of every form are granted, listed, taken back, and do what they say (A-03)', async () => {
    const { admin } = server();
    await using user = await limitedUser(
      server(),
      { type: 'read', key: 'forms/key' },
      { type: 'readwrite', key: 'forms/prefix/', prefix: true },
      { type: 'write', key: 'forms/range/a', rangeEnd: 'forms/range/c' },
      { type: 'read', key: 'z', fromKey: true },
    );
    const { permissions } = await admin.roleGet(user.name);
    const text = (bytes?: Uint8Array): string | undefined => bytes && Buffer.from(bytes).toString();
    assert.equal(
      permissions.map(({ type, key, rangeEnd }) => `${type} ${text(key)} ${text(rangeEnd) ?? ''}`.trim()),
      ['read forms/key', 'readwrite forms/prefix/ forms/prefix0', 'write forms/range/a forms/range/c', 'read z \0'],
    );
    const { kv } = user.client;
    await kv.get('forms/key');
    await rejects(kv.put('forms/key', 'x'), DENIED);
    await rejects(kv.get('forms/key2'), DENIED);
    await kv.put('forms/prefix/1', 'x');
    await kv.get('forms/prefix/', { prefix: true });
    await rejects(kv.get('forms/', { prefix: true }), DENIED);
    await kv.put('forms/range/b', 'x');
    await rejects(kv.put('forms/range/c', 'x'), DENIED);
    await rejects(kv.get('forms/range/b'), DENIED);
    await kv.get('z', { fromKey: true });
    await rejects(kv.get('y', { fromKey: true }), DENIED);
    await admin.roleRevokePermission(user.name, { key: 'forms/prefix/', prefix: true });
    await rejects(kv.put('forms/prefix/1', 'x'), DENIED);
    const none = { code: 'PERMISSION_NOT_GRANTED' };
    await rejects(admin.roleRevokePermission(user.name, { key: 'forms/prefix/' }), none);
    await rejects(admin.roleRevokePermission(user.name, { key: 'forms/range/a', rangeEnd: 'forms/range/b' }), none);
    assert.is((await admin.roleGet(user.name)).permissions.length, 3);
  });

  test('reading, writing and both are three rights; prevKv needs that to read', async () => {
    const attempts: Record<string, string[]> = {};
    for (const type of ['read', 'write', 'readwrite'] as const) {
      await using user = await limitedUser(server(), { type, key: `types/${type}/`, prefix: true });
      const { kv } = user.client;
      const [key, all] = [`types/${type}/k`, { prefix: true }];
      attempts[type] = await outcomes(
        () => kv.get(key),
        () => kv.get(`types/${type}/`, { ...all, countOnly: true }),
        () => kv.put(key, 'v'),
        () => kv.put(key, 'v', { prevKv: true }),
        () => kv.delete(key),
        () => kv.delete(`types/${type}/`, all),
        () => kv.delete(key, { prevKv: true }),
        () => kv.delete(`types/${type}/`, { ...all, prevKv: true }),
        () => kv.put(`types/${type}0`, 'v'),
      );
    }
    const [yes, no] = ['ok', 'PERMISSION_DENIED'];
    assert.equal(attempts, {
      read: [yes, yes, no, no, no, no, no, no, no],
      write: [no, no, yes, no, yes, yes, no, no, no],
      readwrite: [yes, yes, yes, yes, yes, yes, yes, yes, no],
    });
  });

  test('permissions that meet permit what spans them; a gap between them does not', async () => {
    const one = server();
    await using user = await limitedUser(
      one,
      { type: 'read', key: 'meet/a', rangeEnd: 'meet/c' },
      { type: 'readwrite', key: 'meet/c', rangeEnd: 'meet/e' },
      { type: 'read', key: 'meet/e' },
      { type: 'read', key: 'meet/f', rangeEnd: 'meet/h' },
    );
    const { kv } = user.client;
    const get = (from: string, to: string) => (): Promise<unknown> =>
      kv.get(`meet/${from}`, { rangeEnd: `meet/${to}` });
    assert.equal(await outcomes(get('a', 'e'), get('b', 'd'), get('a', 'e\0'), get('f', 'g')), Array(4).fill('ok'));
    assert.equal(
      await outcomes(get('a', 'g'), get('e', 'g'), get('a\0', 'e\0\0'), get('0', 'b'), () => kv.delete('meet/b')),
      Array(5).fill('PERMISSION_DENIED'),
    );
    const second = `${user.name}-second`;
    await one.admin.roleAdd(second);
    await one.admin.roleGrantPermission(second, { type: 'read', key: 'meet/e', rangeEnd: 'meet/f' });
    await one.admin.userGrantRole(user.name, second);
    assert.equal(await outcomes(get('a', 'h')), ['ok'], 'roles add up');
    await one.admin.userRevokeRole(user.name, second);
    assert.equal(await outcomes(get('a', 'h')), ['PERMISSION_DENIED'], 'at once');
  });

  test('a permission takes the place of the one for the same range, and stands beside those for others', async () => {
    const { admin } = server();
    await using user = await limitedUser(server(), { type: 'read', key: 'place/k' });
    const { kv } = user.client;
    const types = async (): Promise<string[]> =>
      (await admin.roleGet(user.name)).permissions.map(({ type, key, rangeEnd }) =>
        [type, Buffer.from(key), rangeEnd && Buffer.from(rangeEnd)].join(' ').trim(),
      );
    await admin.roleGrantPermission(user.name, { type: 'write', key: 'place/k' });
    assert.equal(await types(), ['write place/k']);
    assert.equal(
      await outcomes(
        () => kv.get('place/k'),
        () => kv.put('place/k', 'v'),
      ),
      ['PERMISSION_DENIED', 'ok'],
    );
    await admin.roleGrantPermission(user.name, { type: 'read', key: 'place/k', rangeEnd: 'place/m' });
    await admin.roleGrantPermission(user.name, { type: 'read', key: 'place/a' });
    // etcd compares only the first permission from the key on, and does not find the other.
    await admin.roleGrantPermission(user.name, { type: 'write', key: 'place/k', rangeEnd: 'place/m' });
    assert.equal(await types(), ['read place/a', 'write place/k', 'read place/k place/m', 'write place/k place/m']);
    await kv.get('place/k', { rangeEnd: 'place/m' });
    await kv.delete('place/k', { rangeEnd: 'place/m' });
    await admin.roleRevokePermission(user.name, { key: 'place/k', rangeEnd: 'place/m' });
    assert.equal(await types(), ['read place/a', 'write place/k']);
  });

  test('a permission for every key is one, and a right to keys with any bytes', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'read', key: '', prefix: true });
    const { kv } = user.client;
    await kv.get('', { prefix: true });
    await kv.get('\0', { fromKey: true });
    await rejects(kv.delete('', { prefix: true }), DENIED);
    const prefix = Buffer.from([0xff, 0xff]);
    await one.admin.roleGrantPermission(user.name, { type: 'readwrite', key: prefix, prefix: true });
    await kv.put(Buffer.from([0xff, 0xff, 0xff, 0x00]), 'v');
    assert.is((await kv.delete(prefix, { prefix: true })).deleted, 1);
    await rejects(kv.put(Buffer.from([0xff, 0xfe]), 'v'), DENIED);
  });

  test('a range that ends before it begins is permitted where one permission holds its begin', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'read', key: 'back/b', rangeEnd: 'back/d' });
    const token = await signIn(one, user.name, user.password);
    const raw = new RawEtcd(one.endpoint);
    const codes: (number | undefined)[] = [];
    for (const [from, to] of ['ca', 'ba', 'bb', 'aa', 'dc', 'ea']) {
      const range = { key: Buffer.from(`back/${from}`), rangeEnd: Buffer.from(`back/${to}`) };
      codes.push((await raw.call('KV.Range', range, token)).error?.code);
    }
    raw.close();
    assert.equal(codes, [undefined, undefined, undefined, 7, 7, 7]);
  });

  test('a range in parts needs the rights of a range', async (t) => {
    const one = server();
    if (!isAtLeast(one.version, '3.7')) t.skip('this etcd has none');
    await using user = await limitedUser(one, { type: 'read', key: 'parts/', prefix: true });
    const token = await signIn(one, user.name, user.password);
    const raw = new RawEtcd(one.endpoint);
    const codeOf = async (key: string, end: string, as?: string): Promise<number | undefined> =>
      (await raw.call('KV.RangeStream', { key: Buffer.from(key), rangeEnd: Buffer.from(end) }, as)).error?.code;
    assert.is(await codeOf('parts/', 'parts0', token), undefined);
    assert.is(await codeOf('parts/', 'parts1', token), 7);
    assert.is(await codeOf('parts/', 'parts0', 'nonsense'), 16);
    assert.is(await codeOf('parts/', 'parts0'), 3);
    raw.close();
  });

  test('nobody reads and writes nothing, and root everything', async () => {
    const one = server();
    await using stranger = nobody(one);
    const everything = ({ kv } = stranger): (() => Promise<unknown>)[] => [
      () => kv.put('nobody/k', 'v'),
      () => kv.get('', { prefix: true }),
      () => kv.get('nobody/k', { serializable: true }),
      () => kv.txn({ then: [op.put('nobody/k', 'v')] }),
      () => kv.txn({ then: [op.get('nobody/k')] }),
      () => kv.delete('', { prefix: true, prevKv: true }),
    ];
    assert.equal(await outcomes(...everything()), Array(6).fill('USER_EMPTY'));
    assert.equal(await outcomes(...everything(one.client)), Array(6).fill('ok'));
    // An empty transaction needs no permission.
    assert.ok((await stranger.kv.txn({})).succeeded);
  });
}
