// limit: 120 s
import { createClient, type EtcdClient } from '@etcdts/core';
import { rwMutex, type Lock, type Session } from '@etcdts/concurrency';
import { assert, eventually, rejects, startCluster, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { contenders, openSessions } from './sessions.ts';

const test = suite('read-write mutex on etcd', { timeoutMs: 20_000 });
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

/** Sessions read and write in turn, and together. Returns how many readers were inside at most. */
async function readAndWrite(sessions: readonly Session[], name: string): Promise<number> {
  let [readers, writers, most] = [0, 0, 0];
  const turn = async (session: Session, i: number): Promise<void> => {
    const writes = i % 3 === 0;
    const lock = await (writes ? rwMutex(session, name).writeLock() : rwMutex(session, name).readLock());
    if (writes) writers++;
    else readers++;
    most = Math.max(most, readers);
    assert.ok(writers === 0 || (writers === 1 && readers === 0), `${writers} writers, ${readers} readers`);
    // A reader stays until it has met another one, if one comes.
    for (let reads = 0; reads === 0 || (!writes && most < 2 && reads < 50); reads++)
      await session.client.kv.get(lock.key);
    if (writes) writers--;
    else readers--;
    assert.is(await lock.unlock(), true);
  };
  await Promise.all(sessions.flatMap((session, s) => [0, 1, 2, 3, 4, 5].map((i) => turn(session, s + i))));
  assert.equal([readers, writers], [0, 0]);
  return most;
}

test('RW-01 TestRWMutexSingleNode: readers hold a lock together, and a writer alone', async () => {
  await using sessions = await openSessions(etcd.endpoint, 5);
  assert.ok((await readAndWrite(sessions.open, 'single')) > 1);
  assert.is(await contenders(client, 'single'), 0);
});

test('RW-01 TestRWMutexMultiNode: so they do over three members', async () => {
  await using cluster = await startCluster();
  await using sessions = await openSessions(cluster.endpoints, 5);
  assert.ok((await readAndWrite(sessions.open, 'multi')) > 1);
});

test('RE-05 RW-01 RW-03 a reader behind a waiting writer waits for it, and a writer for every older reader', async () => {
  await using sessions = await openSessions(etcd.endpoint, 4);
  const [a, b, c, d] = sessions.open as readonly [Session, Session, Session, Session];
  const order: string[] = [];
  const note = async (name: string, locking: Promise<Lock>): Promise<Lock> => {
    const lock = await locking;
    order.push(name);
    return lock;
  };
  const first = await rwMutex(a, 'fair').readLock();
  const second = await rwMutex(b, 'fair').readLock();
  const writer = note('writer', rwMutex(c, 'fair').writeLock());
  await eventually(async () => (await contenders(client, 'fair')) === 3);
  const reader = note('reader', rwMutex(d, 'fair').readLock());
  await eventually(async () => (await contenders(client, 'fair')) === 4);
  assert.match(first.key.toString(), `fair/read/${a.lease.toString(16)}-`);
  await second.unlock();
  for (let i = 0; i < 10; i++) await client.kv.get('fair');
  assert.equal(order, []);
  await first.unlock();
  const writing = await writer;
  assert.match(writing.key.toString(), `fair/write/${c.lease.toString(16)}-`);
  assert.equal(order, ['writer']);
  await writing.unlock();
  await (await reader).unlock();
  assert.equal(order, ['writer', 'reader']);
});

test('RW-01 a name that begins alike does not disturb', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  await using _write = await rwMutex(one, 'alike').writeLock();
  await using _other = await rwMutex(two, 'alik').writeLock({ timeoutMs: 2_000 });
  await using _longer = await rwMutex(two, 'alike2').writeLock({ timeoutMs: 2_000 });
});

test('RW-02 a waiter whose key is deleted, or whose session ends, rejects at once and never gets the lock', async () => {
  await using sessions = await openSessions(etcd.endpoint, 3);
  const [one, two, three] = sessions.open as readonly [Session, Session, Session];
  const held = await rwMutex(one, 'lost').readLock();
  const writer = rejects(rwMutex(two, 'lost').writeLock(), { code: 'LOCK_LOST' });
  await eventually(async () => (await contenders(client, 'lost/write')) === 1);
  await client.kv.delete('lost/write/', { prefix: true });
  await writer;
  const other = rejects(rwMutex(three, 'lost').writeLock(), { code: 'SESSION_ENDED' });
  await eventually(async () => (await contenders(client, 'lost/write')) === 1);
  await three.close();
  await other;
  assert.not(held.signal.aborted);
});

test('RW-02 an abort while waiting leaves no key', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  await using _held = await rwMutex(one, 'abort').writeLock();
  await rejects(rwMutex(two, 'abort').readLock({ timeoutMs: 100 }), { code: 'DEADLINE_EXCEEDED' });
  await eventually(async () => (await contenders(client, 'abort')) === 1);
});

test('RW-04 tasks of one session exclude each other through etcd', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one] = sessions.open;
  assert.ok((await readAndWrite([one], 'tasks')) > 1);
});

test('arguments of a read-write mutex are refused by name', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one] = sessions.open;
  assert.throws(() => rwMutex(one, ''), /^EMPTY_KEY: name must not be empty/);
  assert.throws(() => rwMutex({} as never, 'a'), /session is no session/);
});

test.run();
