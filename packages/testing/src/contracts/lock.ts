import { op, type EtcdOperations } from '@etcdts/core';
import { eventually, rejects } from '../eventually.ts';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';
import type { ContractContext } from './kv.ts';
import type { LockFunctions, LockSession } from './lock-functions.ts';

/**
 * Adds the tests of everything that sessions, mutexes and read-write mutexes promise without faults. They hold on every etcd, through
 * every transparent wrapper, and on the embedded etcd.
 *
 *     lockContract<Session>(test, () => ({ client }), { openSession, mutex, rwMutex });
 */
export function lockContract<S extends LockSession>(
  test: Suite,
  context: () => ContractContext,
  functions: LockFunctions<S>,
): void {
  const { openSession, mutex, rwMutex } = functions;
  const client = (): EtcdOperations => context().client;
  const fresh = (): string => `${freshPrefix()}lock`;
  const contenders = async (name: string): Promise<number> =>
    (await client().kv.get(`${name}/`, { prefix: true, countOnly: true })).count;

  test('a session keeps a lease, and close deletes the keys under it (SE-01, SE-05, SE-07)', async () => {
    const session = await openSession(client(), { ttl: 30 });
    const name = fresh();
    assert.is(session.ttl, 30);
    await mutex(session, name).lock();
    assert.is(await contenders(name), 1);
    assert.not(session.signal.aborted);
    await session.close();
    assert.ok(session.signal.aborted);
    assert.is(await contenders(name), 0);
    assert.is((await client().lease.timeToLive(session.lease)).ttl, -1);
  });

  test('sessions hold a lock one at a time, in the order of their create revisions (MX-01, MX-02, MX-03)', async () => {
    const name = fresh();
    const sessions = await Promise.all([1, 2, 3, 4].map(() => openSession(client())));
    const order: bigint[] = [];
    let inside = 0;
    const turns = async (session: S): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        const lock = await mutex(session, name).lock();
        assert.is(++inside, 1);
        const { kvs } = await client().kv.get(lock.key);
        assert.equal([kvs[0]?.lease, kvs[0]?.createRevision], [session.lease, lock.revision]);
        assert.is(lock.key.toString(), `${name}/${session.lease.toString(16)}`);
        order.push(lock.revision);
        inside--;
        assert.is(await lock.unlock(), true);
      }
    };
    await Promise.all(sessions.map(turns));
    assert.equal(
      order,
      order.toSorted((a, b) => Number(a - b)),
    );
    await Promise.all(sessions.map((session) => session.close()));
    assert.is(await contenders(name), 0);
  });

  test('tryLock takes a free lock only, and leaves no key otherwise (MX-10)', async () => {
    const name = fresh();
    await using one = await openSession(client());
    await using two = await openSession(client());
    const lock = await mutex(one, name).tryLock();
    assert.is(await mutex(two, name).tryLock(), undefined);
    assert.is(await contenders(name), 1);
    assert.is(await lock?.unlock(), true);
    assert.ok(await mutex(two, name).tryLock());
  });

  test('a waiter that gives up leaves no key, and one whose key is deleted rejects at once (MX-05, MX-09)', async () => {
    const name = fresh();
    await using one = await openSession(client());
    await using two = await openSession(client());
    await using lock = await mutex(one, name).lock();
    await rejects(mutex(two, name).lock({ timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED' });
    await eventually(async () => (await contenders(name)) === 1);
    const waiting = rejects(mutex(two, name).lock(), { code: 'LOCK_LOST' });
    await eventually(async () => (await contenders(name)) === 2);
    await client().kv.delete(`${name}/${two.lease.toString(16)}`);
    await waiting;
    assert.not(lock.signal.aborted);
  });

  test('a lock whose key is deleted is lost, and its guard and its unlock touch no newer one (MX-11, MX-13, MX-14)', async () => {
    const name = fresh();
    await using one = await openSession(client());
    const stale = await mutex(one, name).lock();
    const guarded = async (): Promise<boolean> =>
      (await client().kv.txn({ if: [stale.isOwner()], then: [op.put(`${name}-guarded`, '')] })).succeeded;
    assert.is(await guarded(), true);
    await client().kv.delete(stale.key);
    await eventually(() => stale.signal.aborted);
    const lock = await mutex(one, name).lock();
    assert.is(await guarded(), false);
    assert.is(await stale.unlock(), false);
    assert.not(lock.signal.aborted);
    assert.is(await contenders(name), 1);
  });

  test('tasks of one session take turns, and share the lock if it is reentrant (MX-12)', async () => {
    const name = fresh();
    await using one = await openSession(client());
    const lock = await mutex(one, name).lock();
    await rejects(mutex(one, name).lock({ timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED' });
    await lock.unlock();
    const shared = mutex(one, name, { reentrant: true });
    const [first, second] = await Promise.all([shared.lock(), shared.lock()]);
    await first.unlock();
    assert.is(await contenders(name), 1);
    await second.unlock();
    assert.is(await contenders(name), 0);
  });

  test('run holds the lock while its body runs, and rejects with what that throws', async () => {
    const name = fresh();
    await using one = await openSession(client());
    assert.is(await mutex(one, name).run(async () => contenders(name)), 1);
    await rejects(
      mutex(one, name).run(() => Promise.reject(new Error('the body'))),
      /the body/,
    );
    assert.is(await contenders(name), 0);
  });

  test('readers hold a lock together, a writer waits for them, and a later reader for the writer (RW-01, RW-03)', async () => {
    const name = fresh();
    await using one = await openSession(client());
    await using two = await openSession(client());
    const readers = [await rwMutex(one, name).readLock(), await rwMutex(two, name).readLock()];
    const order: string[] = [];
    const writing = rwMutex(one, name).writeLock();
    void writing.then(() => order.push('writer'));
    await eventually(async () => (await contenders(name)) === 3);
    const reading = rwMutex(two, name).readLock();
    void reading.then(() => order.push('reader'));
    await eventually(async () => (await contenders(name)) === 4);
    for (const reader of readers) {
      assert.equal(order, []);
      await reader.unlock();
    }
    await (await writing).unlock();
    await (await reading).unlock();
    assert.equal(order, ['writer', 'reader']);
  });
}
