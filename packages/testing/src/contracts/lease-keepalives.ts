import { setTimeout as sleep } from 'node:timers/promises';
import { isEtcdError } from '@etcdts/core';
import type { EtcdOperations } from '@etcdts/core';
import { eventually, rejects } from '../eventually.ts';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';

/** Adds the tests of renewals, by a keepalive or once. */
export function leaseKeepAlives(test: Suite, client: () => EtcdOperations): void {
  test(
    'a lease lives on while it is kept alive, with or without a reader, and no longer (L-05, L-08, L-15)',
    async () => {
      const { kv, lease } = client();
      const key = freshPrefix();
      const { id, ttl } = await lease.grant(1);
      await kv.put(key, '', { lease: id });
      const kept = lease.keepAlive(id);
      assert.is(kept.id, id);
      await sleep(ttl * 1_000 + 1_500);
      assert.is((await kv.get(key)).count, 1);
      assert.not(kept.signal.aborted);
      await kept.cancel();
      const gone = async (): Promise<boolean> => (await kv.get(key)).count === 0;
      await eventually(gone, { timeoutMs: (ttl + 2) * 1_000, intervalMs: 100 });
      assert.ok(isEtcdError(kept.signal.reason, 'LEASE_LOST'), 'the signal still has the reason');
    },
    { timeoutMs: 12_000 },
  );

  test('the first renewal comes at once, the next at a third of the time to live (TestLeaseKeepAliveSeconds)', async () => {
    const { lease } = client();
    const { id } = await lease.grant(3);
    const started = performance.now();
    const times: number[] = [];
    for await (const renewal of lease.keepAlive(id)) {
      assert.equal([renewal.id, renewal.ttl], [id, 3]);
      assert.ok(renewal.header.revision > 0n);
      if (times.push(performance.now() - started) === 3) break;
    }
    const [first, second, third] = times as [number, number, number];
    assert.ok(first < 900, `the first after ${first} ms`);
    assert.ok(second > 800 && third > 1_800, `at ${times.join(', ')} ms`);
    await lease.revoke(id);
  });

  test('L-14 two keepalives of one lease end each by itself (TestLeaseKeepAlive)', async () => {
    const { lease } = client();
    const { id } = await lease.grant(60);
    const [first, second] = [lease.keepAlive(id), lease.keepAlive(id)];
    const [reader, other] = [first[Symbol.asyncIterator](), second[Symbol.asyncIterator]()];
    assert.is((await reader.next()).value?.ttl, 60);
    assert.is((await other.next()).value?.ttl, 60);
    await first.cancel();
    assert.equal(await reader.next(), { done: true, value: undefined });
    const waiting = other.next();
    assert.is(await Promise.race([waiting, sleep(200, 'open')]), 'open');
    await second.cancel();
    assert.equal(await waiting, { done: true, value: undefined });
    await lease.revoke(id);
  });

  test('a keepalive has one reader: a second one is refused, and the first reads on', async () => {
    const { lease } = client();
    const { id } = await lease.grant(60);
    const kept = lease.keepAlive(id);
    const reader = kept[Symbol.asyncIterator]();
    await rejects(async () => kept[Symbol.asyncIterator](), { code: 'FAILED_PRECONDITION' });
    assert.is((await reader.next()).value?.ttl, 60);
    await kept.cancel();
    await lease.revoke(id);
  });

  test('a revoke ends the keepalive of its lease alone (TestLeaseKeepAliveNotFound)', async () => {
    const { lease } = client();
    const [gone, stays] = [await lease.grant(60), await lease.grant(60)];
    const kept = [lease.keepAlive(gone.id), lease.keepAlive(stays.id)] as const;
    const reader = kept[0][Symbol.asyncIterator]();
    await reader.next();
    const revoking = lease.revoke(gone.id);
    while (!(await reader.next()).done);
    assert.ok(isEtcdError(kept[0].signal.reason, 'LEASE_NOT_FOUND'));
    await revoking;
    assert.not(kept[1].signal.aborted);
    await kept[1].cancel();
    await lease.revoke(stays.id);
  });

  test('a keepalive of a lease that is gone throws LEASE_NOT_FOUND, as does its signal (L-10)', async () => {
    const { lease } = client();
    const { id } = await lease.grant(60);
    await lease.revoke(id);
    const kept = lease.keepAlive(id);
    await rejects(kept[Symbol.asyncIterator]().next(), { code: 'LEASE_NOT_FOUND' });
    assert.throws(() => kept.signal.throwIfAborted(), /LEASE_NOT_FOUND/);
  });

  test('the own signal of a keepalive ends it with its reason', async () => {
    const { lease } = client();
    const { id } = await lease.grant(60);
    const own = new AbortController();
    const reader = lease.keepAlive(id, { signal: own.signal })[Symbol.asyncIterator]();
    await reader.next();
    const waiting = reader.next();
    own.abort(new Error('enough'));
    await rejects(waiting, /enough/);
    await lease.revoke(id);
  });

  test('keepAliveOnce renews once (L-18, TestLeaseKeepAliveOnce)', async () => {
    const { lease } = client();
    const { id } = await lease.grant(10);
    const left = async (): Promise<number> => (await lease.timeToLive(id)).ttl;
    await eventually(async () => (await left()) < 9, { timeoutMs: 3_000, intervalMs: 50 });
    const renewal = await lease.keepAliveOnce(id);
    assert.equal([renewal.id, renewal.ttl], [id, 10]);
    assert.ok((await left()) >= 9);
    await lease.revoke(id);
  });
}
