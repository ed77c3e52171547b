import type { EtcdOperations } from '@etcdts/core';
import { eventually, rejects } from '../eventually.ts';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';
import { assertPlainData } from './plain-data.ts';

/** Adds the tests of grant, revoke, time to live and expiry. */
export function leaseLives(test: Suite, client: () => EtcdOperations): void {
  test('a grant returns an id of its own and its TTL (L-01)', async () => {
    const { lease } = client();
    const [first, second] = [await lease.grant(60), await lease.grant(60)];
    assert.ok(first.id > 0n && second.id > 0n && first.id !== second.id);
    assert.is(first.ttl, 60);
    assert.ok(first.header.revision > 0n);
    await Promise.all([lease.revoke(first.id), lease.revoke(second.id)]);
  });

  test('a grant takes the id that it is given, once (L-01, TestV3LeaseGrantByID)', async () => {
    const { lease } = client();
    const { id } = await lease.grant(60);
    await lease.revoke(id);
    const chosen = id === 2n ** 63n - 1n ? id - 1n : id + 1n;
    assert.is((await lease.grant(60, { id: chosen })).id, chosen);
    await rejects(lease.grant(60, { id: chosen }), { code: 'LEASE_EXIST', outcome: 'not-applied' });
    await lease.revoke(chosen);
  });

  test('a time to live is from 1 to 9,000,000,000 seconds (L-01, TestLeaseGrant)', async () => {
    const { lease } = client();
    await rejects(lease.grant(0), { code: 'INVALID_ARGUMENT', argument: 'ttl' });
    await rejects(lease.grant(9_000_000_001), { code: 'LEASE_TTL_TOO_LARGE', argument: 'ttl' });
    const { id, ttl } = await lease.grant(9_000_000_000);
    assert.is(ttl, 9_000_000_000);
    await lease.revoke(id);
  });

  test('a revoke deletes all keys of the lease, at one revision (L-02)', async () => {
    const { kv, lease } = client();
    const prefix = freshPrefix();
    const { id } = await lease.grant(60);
    for (const name of ['a', 'b', 'c']) await kv.put(prefix + name, '', { lease: id });
    const { revision } = (await kv.put(`${prefix}free`, '')).header;
    assert.is((await lease.revoke(id)).header.revision, revision + 1n);
    const { kvs } = await kv.get(prefix, { prefix: true });
    assert.equal(
      kvs.map(({ key }) => key.toString()),
      [`${prefix}free`],
    );
  });

  test('a revoked lease is not found: by a put, a revoke, a renewal (L-02, TestLeaseNotFoundError)', async () => {
    const { kv, lease } = client();
    const { id } = await lease.grant(60);
    await lease.revoke(id);
    await rejects(kv.put(freshPrefix(), '', { lease: id }), { code: 'LEASE_NOT_FOUND', outcome: 'not-applied' });
    await rejects(lease.revoke(id), { code: 'LEASE_NOT_FOUND' });
    await rejects(lease.keepAliveOnce(id), { code: 'LEASE_NOT_FOUND' });
  });

  test('OPT-21 timeToLive returns the seconds left, and the keys with `keys` (L-03, TestLeaseTimeToLive)', async () => {
    const { kv, lease } = client();
    const prefix = freshPrefix();
    const { id } = await lease.grant(60);
    for (const name of ['a', 'b']) await kv.put(prefix + name, '', { lease: id });
    const plain = await lease.timeToLive(id);
    assert.is(plain.id, id);
    assert.ok(plain.ttl > 50 && plain.ttl <= 60);
    assert.is(plain.grantedTtl, 60);
    assert.equal(plain.keys, []);
    const { keys } = await lease.timeToLive(id, { keys: true });
    assert.equal(keys.map(String).sort(), [`${prefix}a`, `${prefix}b`]);
    await lease.revoke(id);
  });

  test('timeToLive of a lease that is gone is -1, and no error (L-03)', async () => {
    const { lease } = client();
    const { id } = await lease.grant(60);
    await lease.revoke(id);
    const { header, ttl, grantedTtl, keys } = await lease.timeToLive(id, { keys: true });
    assert.equal([ttl, grantedTtl, keys], [-1, 0, []]);
    assert.ok(header.revision > 0n);
  });

  test('leases lists those that live, the first to expire first (L-04)', async () => {
    const { lease } = client();
    const ids: bigint[] = [];
    for (const ttl of [300, 100, 200]) ids.push((await lease.grant(ttl)).id);
    const [late, early, middle] = ids as [bigint, bigint, bigint];
    const mine = async (): Promise<bigint[]> => (await lease.leases()).leases.filter((id) => ids.includes(id));
    assert.equal(await mine(), [early, middle, late]);
    await lease.revoke(middle);
    assert.equal(await mine(), [early, late]);
    await Promise.all([lease.revoke(early), lease.revoke(late)]);
  });

  test('L-21 every response is plain data', async () => {
    const { kv, lease } = client();
    const granted = await lease.grant(60);
    const { id, header } = granted;
    assert.equal({ ...granted }, { header, id, ttl: 60 });
    const key = Buffer.concat([Buffer.from(freshPrefix()), Buffer.from([0xff])]);
    await kv.put(key, '', { lease: id });
    const live = await lease.timeToLive(id, { keys: true });
    const responses: object[] = [granted, live, await lease.leases(), await lease.keepAliveOnce(id)];
    for await (const renewal of lease.keepAlive(id)) {
      responses.push(renewal);
      break;
    }
    responses.push(await lease.revoke(id), await lease.timeToLive(id, { keys: true }));
    for (const response of responses) assertPlainData(response);
    assert.equal({ ...live }, { header: live.header, id, ttl: live.ttl, grantedTtl: 60, keys: [key] });
  });

  test('a key moves to another lease, and off any (TestV3LeaseSwitch)', async () => {
    const { kv, lease } = client();
    const key = freshPrefix();
    const [first, second] = [await lease.grant(60), await lease.grant(60)];
    await kv.put(key, '1', { lease: first.id });
    await kv.put(key, '2', { lease: second.id });
    await lease.revoke(first.id);
    assert.is((await kv.get(key)).kvs[0]?.lease, second.id);
    await kv.put(key, '3');
    await lease.revoke(second.id);
    assert.is((await kv.get(key)).kvs[0]?.text(), '3');
  });

  test(
    'a lease that is not renewed expires, and its keys with it (TestV3LeaseExpire)',
    async () => {
      const { kv, lease } = client();
      const key = freshPrefix();
      const { id, ttl } = await lease.grant(1);
      await kv.put(key, '', { lease: id });
      const gone = async (): Promise<boolean> => (await kv.get(key)).count === 0;
      await eventually(gone, { timeoutMs: (ttl + 2) * 1_000, intervalMs: 100 });
      assert.is((await lease.timeToLive(id)).ttl, -1);
    },
    { timeoutMs: 8_000 },
  );
}
