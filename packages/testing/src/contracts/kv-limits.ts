import { op } from '@etcdts/core';
import type { KV, Lease } from '@etcdts/core';
import { rejects } from '../eventually.ts';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';

/** Adds the tests of requests that etcd refuses, by code, and of keys with leases. */
export function kvLimits(test: Suite, kv: () => KV, lease: () => Lease): void {
  const puts = (prefix: string, count: number): ReturnType<typeof op.put>[] =>
    Array.from({ length: count }, (_, i) => op.put(`${prefix}${i}`, ''));

  test('128 operations go in a transaction, 129 do not (LIM-01)', async () => {
    const prefix = freshPrefix();
    await rejects(kv().txn({ then: puts(prefix, 129) }), { code: 'TOO_MANY_OPS', outcome: 'not-applied' });
    assert.ok((await kv().txn({ then: puts(prefix, 128) })).succeeded);
    assert.is((await kv().get(prefix, { prefix: true, countOnly: true })).count, 128);
  });

  test('a key is written once in a branch, nested or not; branches do not count together (LIM-02)', async () => {
    const prefix = freshPrefix();
    const put = op.put(`${prefix}a`, '');
    await rejects(kv().txn({ then: [put, put] }), { code: 'DUPLICATE_KEY', outcome: 'not-applied' });
    await rejects(kv().txn({ then: [put, op.txn({ then: [put] })] }), { code: 'DUPLICATE_KEY' });
    await rejects(kv().txn({ then: [op.delete(prefix, { prefix: true }), put] }), { code: 'DUPLICATE_KEY' });
    await kv().txn({ then: [op.delete(`${prefix}a`), op.delete(`${prefix}a`)] });
    assert.ok((await kv().txn({ then: [put], else: [put] })).succeeded);
  });

  test('a request that is too large is refused, and is not applied (LIM-03)', async () => {
    const key = `${freshPrefix()}k`;
    const value = Buffer.alloc(1_700_000);
    await rejects(kv().put(key, value), { code: 'REQUEST_TOO_LARGE', outcome: 'not-applied' });
    assert.is((await kv().get(key)).count, 0);
  });

  test('a key goes when its lease is revoked, and stays when it has left it (OPT-01)', async () => {
    const prefix = freshPrefix();
    const { id } = await lease().grant(60);
    await kv().put(`${prefix}goes`, 'v', { lease: id });
    await kv().put(`${prefix}leaves`, 'v', { lease: id });
    assert.is((await kv().get(`${prefix}goes`)).kvs[0]?.lease, id);
    await kv().put(`${prefix}leaves`, 'v');
    await lease().revoke(id);
    const { kvs } = await kv().get(prefix, { prefix: true });
    assert.equal(
      kvs.map(({ key, lease: left }) => [key.toString(), left]),
      [[`${prefix}leaves`, 0n]],
    );
  });

  test('ignoreLease keeps the lease; ignoreValue changes it (OPT-14, OPT-15)', async () => {
    const key = `${freshPrefix()}k`;
    const { id } = await lease().grant(60);
    await rejects(kv().put(key, 'v', { ignoreLease: true }), { code: 'KEY_NOT_FOUND' });
    await kv().put(key, 'v', { lease: id });
    await kv().put(key, 'w', { ignoreLease: true });
    const kept = (await kv().get(key)).kvs[0];
    assert.equal([kept?.text(), kept?.lease], ['w', id]);
    await kv().put(key, '', { ignoreValue: true });
    const left = (await kv().get(key)).kvs[0];
    assert.equal([left?.text(), left?.lease], ['w', 0n]);
    await rejects(kv().put(key, 'v', { lease: id, ignoreLease: true }), { code: 'LEASE_PROVIDED' });
    await lease().revoke(id);
  });

  test('a lease that is gone takes no keys, alone or in a transaction (OPT-01)', async () => {
    const key = `${freshPrefix()}k`;
    const { id } = await lease().grant(60);
    await lease().revoke(id);
    await rejects(kv().put(key, 'v', { lease: id }), { code: 'LEASE_NOT_FOUND', outcome: 'not-applied' });
    await rejects(kv().txn({ then: [op.put(key, 'v', { lease: id })] }), { code: 'LEASE_NOT_FOUND' });
    assert.is((await kv().get(key)).count, 0);
  });
}
