import type { KV } from '@etcdts/core';
import { rejects } from '../eventually.ts';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';

/** Adds the tests of put and delete: what they write, and which earlier key values they return. */
export function kvWrites(test: Suite, kv: () => KV): void {
  test('put and get carry any bytes, in keys and values (KV-01)', async () => {
    const bytes = Buffer.from([0x00, 0xff, 0xfe, 0x80, 0x0a, 0x00]);
    const key = Buffer.concat([Buffer.from(freshPrefix()), bytes]);
    await kv().put(key, bytes);
    const { kvs } = await kv().get(key);
    assert.equal([kvs[0]?.key, kvs[0]?.value], [key, bytes]);
  });

  test('text goes in as UTF-8 and comes out as it was; JSON too (KV-01)', async () => {
    const key = `${freshPrefix()}ключ 鍵 🔑`;
    await kv().put(key, '{"größe":[1,2,"🙂"]}');
    const found = (await kv().get(key)).kvs[0];
    assert.is(found?.key.toString(), key);
    assert.equal(found?.json(), { größe: [1, 2, '🙂'] });
  });

  test('an empty value is a value (KV-02)', async () => {
    const key = `${freshPrefix()}empty`;
    await kv().put(key, '');
    const { kvs, count } = await kv().get(key);
    assert.equal([kvs[0]?.value.length, kvs[0]?.text(), count], [0, '', 1]);
  });

  test('revisions and version show the history of a key', async () => {
    const key = `${freshPrefix()}k`;
    const first = (await kv().put(key, '1')).header.revision;
    const second = (await kv().put(key, '2')).header.revision;
    assert.ok(second > first);
    const found = (await kv().get(key)).kvs[0];
    assert.equal([found?.createRevision, found?.modRevision, found?.version, found?.lease], [first, second, 2, 0n]);
    await kv().delete(key);
    const third = (await kv().put(key, '3')).header.revision;
    const again = (await kv().get(key)).kvs[0];
    assert.equal([again?.createRevision, again?.version], [third, 1]);
  });

  test('put answers with the previous key value only if asked, and if there was one (KV-01, OPT-13)', async () => {
    const key = `${freshPrefix()}k`;
    assert.is((await kv().put(key, '1', { prevKv: true })).prevKv, undefined);
    assert.is((await kv().put(key, '2')).prevKv, undefined);
    const { prevKv } = await kv().put(key, '3', { prevKv: true });
    assert.equal([prevKv?.key.toString(), prevKv?.text(), prevKv?.version], [key, '2', 2]);
  });

  test('delete returns the number of keys, and the keys only with prevKv (KV-03)', async () => {
    const prefix = freshPrefix();
    for (const name of ['a', 'b', 'c']) await kv().put(prefix + name, name);
    const one = await kv().delete(`${prefix}a`);
    assert.equal([one.deleted, one.prevKvs.length], [1, 0]);
    const rest = await kv().delete(prefix, { prefix: true, prevKv: true });
    assert.is(rest.deleted, 2);
    assert.equal(
      rest.prevKvs.map(({ key, value }) => `${key}=${value}`),
      [`${prefix}b=b`, `${prefix}c=c`],
    );
    assert.is((await kv().get(prefix, { prefix: true })).count, 0);
  });

  test('deleting nothing is no error and makes no revision (KV-03)', async () => {
    const prefix = freshPrefix();
    const { header } = await kv().put(`${prefix}a`, '');
    const { deleted, header: after } = await kv().delete(`${prefix}b`, { prevKv: true });
    assert.equal([deleted, after.revision], [0, header.revision]);
  });

  test('ignoreValue keeps the value; the key must exist (OPT-14)', async () => {
    const key = `${freshPrefix()}k`;
    await rejects(kv().put(key, '', { ignoreValue: true }), { code: 'KEY_NOT_FOUND' });
    await kv().put(key, 'kept');
    await kv().put(key, '', { ignoreValue: true });
    const found = (await kv().get(key)).kvs[0];
    assert.equal([found?.text(), found?.version], ['kept', 2]);
    await rejects(kv().put(key, 'v', { ignoreValue: true }), { code: 'VALUE_PROVIDED' });
  });

  test('a buffer that changes after the call does not reach etcd', async () => {
    const prefix = freshPrefix();
    const key = Buffer.from(`${prefix}k`);
    const value = Buffer.from('value');
    const written = kv().put(key, value);
    key.fill('x');
    value.fill('x');
    await written;
    const { kvs } = await kv().get(prefix, { prefix: true });
    assert.equal(
      kvs.map((found) => `${found.key}=${found.value}`),
      [`${prefix}k=value`],
    );
  });

  test('what comes back can be changed without changing what comes back next', async () => {
    const key = `${freshPrefix()}k`;
    await kv().put(key, 'value');
    const found = (await kv().get(key)).kvs[0];
    found?.key.fill('x');
    found?.value.fill('x');
    assert.is((await kv().get(key)).kvs[0]?.text(), 'value');
  });

  test('an aborted signal rejects with its own reason and writes nothing', async () => {
    const key = `${freshPrefix()}k`;
    const reason = new Error('enough');
    assert.is(await rejects(kv().put(key, 'v', { signal: AbortSignal.abort(reason) })), reason);
    assert.is((await kv().get(key)).count, 0);
  });

  test('an empty key, an ill-formed one and one of another type are refused by name (KV-01)', async () => {
    await rejects(kv().put('', 'v'), { code: 'EMPTY_KEY', argument: 'key', outcome: 'not-applied' });
    await rejects(kv().get(''), { code: 'EMPTY_KEY', argument: 'key' });
    await rejects(kv().delete(new Uint8Array(0)), { code: 'EMPTY_KEY', argument: 'key' });
    await rejects(kv().put('a\ud800', 'v'), { code: 'INVALID_ARGUMENT', argument: 'key' });
    await rejects(kv().put('a', '\udc00'), { code: 'INVALID_ARGUMENT', argument: 'value' });
    await rejects(kv().put(7 as never, 'v'), { code: 'INVALID_ARGUMENT', argument: 'key' });
  });
}
