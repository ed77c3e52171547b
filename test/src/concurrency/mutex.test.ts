import { createClient, type EtcdClient } from '@etcdts/core';
import { mutex, openSession, type Lock, type Session } from '@etcdts/concurrency';
import { assert, eventually, rejects, startEtcd, suite, type EtcdServer } from '@etcdts/testing';

const test = suite('mutex', { timeoutMs: 20_000 });
let etcd: EtcdServer;
let client: EtcdClient;

test.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint });
});
test.after(async () => {
  await client.close();
  await etcd.close();
});

/** Opens sessions, each of a client of its own, that end with the test. */
async function sessions(count: number, ttl = 60): Promise<readonly [Session, Session, ...Session[]] & AsyncDisposable> {
  const clients = Array.from({ length: count }, () => createClient({ endpoints: etcd.endpoint }));
  const open = await Promise.all(clients.map((one) => openSession(one, { ttl })));
  return Object.assign(open as [Session, Session, ...Session[]], {
    async [Symbol.asyncDispose]() {
      await Promise.all(open.map((session) => session.close()));
      await Promise.all(clients.map((one) => one.close()));
    },
  });
}

const keysOf = async (name: string): Promise<number> =>
  (await client.kv.get(`${name}/`, { prefix: true, countOnly: true })).count;

test('MX-01 MX-02 TestMutexLockSingleNode TestMutexLockMultiNode: of 5 sessions one at a time holds a lock, in the order of their keys', async () => {
  await using open = await sessions(5);
  let inside = 0;
  const order: bigint[] = [];
  await Promise.all(
    open.map(async (session) => {
      for (let i = 0; i < 5; i++) {
        const lock = await mutex(session, 'single').lock();
        assert.is(++inside, 1);
        assert.is(lock.key.toString(), `single/${session.lease.toString(16)}`);
        const { kvs } = await client.kv.get(lock.key);
        assert.is(kvs[0]?.lease, session.lease);
        assert.is(kvs[0]?.createRevision, lock.revision);
        assert.is(kvs[0]?.value.length, 0);
        order.push(lock.revision);
        inside--;
        assert.is(await lock.unlock(), true);
      }
    }),
  );
  assert.equal(
    order,
    order.toSorted((a, b) => Number(a - b)),
  );
  assert.is(await keysOf('single'), 0);
});

test('MX-10 TestMutexTryLockSingleNode: tryLock is undefined while another one holds the lock, and leaves no key', async () => {
  await using open = await sessions(2);
  const [one, two] = open;
  const lock = (await mutex(one, 'try').tryLock()) as Lock;
  assert.is(await mutex(two, 'try').tryLock(), undefined);
  assert.is(await mutex(one, 'try').tryLock(), undefined);
  assert.is(await keysOf('try'), 1);
  await lock.unlock();
  assert.ok(await mutex(two, 'try').tryLock());
});

test('MX-09 an abort while waiting rejects with its reason at once and leaves no key', async () => {
  await using open = await sessions(2);
  const [one, two] = open;
  await using _lock = await mutex(one, 'abort').lock();
  const ending = new AbortController();
  const waiting = rejects(mutex(two, 'abort').lock({ signal: ending.signal }), /enough/);
  await eventually(async () => (await keysOf('abort')) === 2);
  ending.abort(new Error('enough'));
  await waiting;
  await eventually(async () => (await keysOf('abort')) === 1);
  await rejects(mutex(two, 'abort').lock({ timeoutMs: 100 }), { code: 'DEADLINE_EXCEEDED' });
  await eventually(async () => (await keysOf('abort')) === 1);
});

test('MX-05 MX-13 a waiter whose key is deleted rejects at once, and a holder gets LOCK_LOST', async () => {
  await using open = await sessions(2);
  const [one, two] = open;
  const lock = await mutex(one, 'lost').lock();
  const waiting = rejects(mutex(two, 'lost').lock(), { code: 'LOCK_LOST' });
  await eventually(async () => (await keysOf('lost')) === 2);
  await client.kv.delete(`lost/${two.lease.toString(16)}`);
  await waiting;
  assert.not(lock.signal.aborted);
  await client.kv.delete(lock.key);
  await eventually(() => lock.signal.aborted);
  assert.match(String(lock.signal.reason), /LOCK_LOST/);
  assert.is(await lock.unlock(), false);
});

test.run();
