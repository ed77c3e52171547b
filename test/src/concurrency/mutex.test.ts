// limit: 180 s
import { auth, authAdmin } from '@etcdts/auth';
import { createClient, op, type EtcdClient, type EtcdError, type EtcdOperations } from '@etcdts/core';
import { wrapClient } from '@etcdts/core/plugin';
import { mutex, openSession, renewingSession, type Lock } from '@etcdts/concurrency';
import { withNamespace } from '@etcdts/namespace';
import { assert, eventually, rejects, startCluster, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { contenders, openSessions } from './sessions.ts';

const test = suite('mutex on etcd', { timeoutMs: 20_000 });
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

const codeOf = (signal: AbortSignal): string => (signal.reason as EtcdError).code;

/** Each session takes the lock several times. Returns the revisions of the locks in the order in which they were held. */
async function takeTurns(endpoints: readonly string[], name: string): Promise<readonly bigint[]> {
  await using sessions = await openSessions(endpoints, 5);
  let inside = 0;
  const order: bigint[] = [];
  await Promise.all(
    sessions.open.map(async (session) => {
      for (let i = 0; i < 5; i++) {
        const lock = await mutex(session, name).lock();
        assert.is(++inside, 1);
        assert.not(lock.signal.aborted);
        assert.is(lock.key.toString(), `${name}/${session.lease.toString(16)}`);
        const { kvs } = await session.client.kv.get(lock.key);
        assert.equal([kvs[0]?.lease, kvs[0]?.createRevision, kvs[0]?.value.length], [session.lease, lock.revision, 0]);
        order.push(lock.revision);
        inside--;
        assert.is(await lock.unlock(), true);
      }
    }),
  );
  assert.is(await contenders(sessions.open[0].client, name), 0);
  return order;
}

const sorted = (revisions: readonly bigint[]): readonly bigint[] => revisions.toSorted((a, b) => Number(a - b));

test('MX-01 MX-02 MX-03 TestMutexLockSingleNode: 5 sessions hold a lock one at a time, in the order of their create revisions', async () => {
  const order = await takeTurns([etcd.endpoint], 'single');
  assert.equal(order, sorted(order));
  assert.is(order.length, 25);
});

test('MX-02 TestMutexLockMultiNode TestMutexTryLockMultiNode: so do 5 sessions over three members, and one of 5 tries wins', async () => {
  await using cluster = await startCluster();
  const order = await takeTurns(cluster.endpoints, 'multi');
  assert.equal(order, sorted(order));
  await using sessions = await openSessions(cluster.endpoints, 5);
  const tries = await Promise.all(sessions.open.map((session) => mutex(session, 'multi').tryLock()));
  assert.is(tries.filter((lock) => lock !== undefined).length, 1);
});

test('CO-06 a lock that nobody holds is taken by one RPC', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const calls = async (): Promise<number> =>
    etcd.member.metric('grpc_server_started_total', { grpc_service: 'etcdserverpb.KV' });
  const before = await calls();
  const lock = await mutex(sessions.open[0], 'alone').lock();
  assert.is((await calls()) - before, 1);
  await lock.unlock();
});

test('CO-08 MX-10 TestMutexTryLockSingleNode: tryLock is one transaction, undefined while anybody holds or waits, and leaves no key', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  const lock = (await mutex(one, 'try').tryLock()) as Lock;
  const before = (await client.kv.get('try')).header.revision;
  const txns = async (): Promise<number> =>
    etcd.member.metric('grpc_server_started_total', { grpc_service: 'etcdserverpb.KV', grpc_method: 'Txn' });
  const count = await txns();
  assert.is(await mutex(two, 'try').tryLock(), undefined);
  assert.is((await txns()) - count, 1);
  assert.is(await mutex(one, 'try').tryLock(), undefined, 'within the session, too');
  assert.is((await client.kv.get('try')).header.revision, before, 'nothing was written');
  await lock.unlock();
  const taken = await mutex(two, 'try').tryLock();
  assert.is(taken?.revision, (await client.kv.get(taken!.key)).kvs[0]?.createRevision);
});

test('MX-12 TestMutexSessionRelock: with reentrant, a second lock of a session shares the key until the last unlock', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  const again = mutex(one, 'relock', { reentrant: true });
  const [first, second] = await Promise.all([again.lock(), again.lock()]);
  const third = (await again.tryLock()) as Lock;
  assert.equal([second.revision, third.revision], [first.revision, first.revision]);
  assert.is(await first.unlock(), true);
  assert.is(await third.unlock(), true);
  assert.ok(first.signal.aborted);
  assert.not(second.signal.aborted);
  assert.is(await mutex(two, 'relock').tryLock(), undefined);
  await second.unlock();
  assert.ok(await mutex(two, 'relock').tryLock());
});

test('MX-12 of two tasks of one session the second waits, in order, and then goes behind others that wait in etcd', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  const order: string[] = [];
  const held = await mutex(one, 'tasks').lock();
  const task = async (name: string, session = one): Promise<void> => {
    await using _lock = await mutex(session, 'tasks').lock();
    order.push(name);
  };
  const tasks = [task('second'), task('third')];
  const other = task('other', two);
  await eventually(async () => (await contenders(client, 'tasks')) === 2);
  await held.unlock();
  await Promise.all([...tasks, other]);
  assert.equal(order, ['other', 'second', 'third']);
});

test('MX-12 an abort in the line of the process is its reason, and the next one comes', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one] = sessions.open;
  const held = await mutex(one, 'line').lock();
  const ending = new AbortController();
  const aborted = rejects(mutex(one, 'line').lock({ signal: ending.signal }), /enough/);
  const next = mutex(one, 'line').lock();
  ending.abort(new Error('enough'));
  await aborted;
  await rejects(mutex(one, 'line').lock({ timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED' });
  await held.unlock();
  assert.ok((await next).revision > held.revision);
});

test('MX-03 MX-04 TestMutexWaitsOnCurrentHolder: the death of a waiter in the middle wakes the next one, which waits for the holder', async () => {
  await using sessions = await openSessions(etcd.endpoint, 3);
  const [one, victim, three] = sessions.open;
  const lock = await mutex(one, 'middle').lock();
  const died = rejects(mutex(victim, 'middle').lock(), { code: 'SESSION_ENDED' });
  await eventually(async () => (await contenders(client, 'middle')) === 2);
  let held = false;
  const waiting = mutex(three!, 'middle').lock();
  void waiting.then(() => (held = true));
  await eventually(async () => (await contenders(client, 'middle')) === 3);
  await victim.close();
  await died;
  assert.is(await contenders(client, 'middle'), 2);
  // The other waiter has looked again when its transaction was served, and the answers of both clients are ordered by this one.
  for (let i = 0; i < 20; i++) await three!.client.kv.get('middle');
  assert.not(held);
  await lock.unlock();
  assert.ok((await waiting).revision > lock.revision);
});

test('CO-07 MX-03 each unlock wakes one waiter: a waiter watches its predecessor and its own key, and no other', async () => {
  await using sessions = await openSessions(etcd.endpoint, 5);
  const lock = await mutex(sessions.open[0], 'herd').lock();
  const waiting = sessions.open.slice(1).map(async (session, i) => {
    await eventually(async () => (await contenders(client, 'herd')) === i + 1);
    return mutex(session, 'herd').lock();
  });
  await eventually(async () => (await contenders(client, 'herd')) === 5);
  const txns = async (): Promise<number> =>
    etcd.member.metric('grpc_server_handled_total', { grpc_service: 'etcdserverpb.KV', grpc_method: 'Txn' });
  // Each waiter has looked once.
  await eventually(async () => (await etcd.member.metric('etcd_debugging_mvcc_watcher_total')) >= 9);
  const before = await txns();
  await lock.unlock();
  await waiting[0];
  assert.is((await txns()) - before, 2, 'the unlock, and one look');
  await Promise.all(waiting.map(async (one) => (await one).unlock()));
});

test('MX-05 a waiter whose key is deleted rejects with LOCK_LOST at once, while the holder holds', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  const lock = await mutex(one, 'deleted').lock();
  const waiting = rejects(mutex(two, 'deleted').lock(), { code: 'LOCK_LOST' });
  await eventually(async () => (await contenders(client, 'deleted')) === 2);
  await client.kv.delete(`deleted/${two.lease.toString(16)}`);
  await waiting;
  assert.not(lock.signal.aborted);
});

test('MX-05 TestMutexLockSessionExpired: a waiter whose session is revoked rejects with its reason at once', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  await using lock = await mutex(one, 'expired').lock();
  const waiting = rejects(mutex(two, 'expired').lock(), { code: 'LEASE_NOT_FOUND' });
  await eventually(async () => (await contenders(client, 'expired')) === 2);
  await two.client.lease.revoke(two.lease);
  await waiting;
  assert.not(lock.signal.aborted);
  await rejects(mutex(two, 'expired').lock(), { code: 'LEASE_NOT_FOUND' });
});

test('MX-06 a waiter whose key is replaced in the moment in which its turn comes gets no lock, even if its watch is late', async () => {
  const silent: { key?: Buffer } = {};
  // Nothing comes of the own key.
  const late = (base: EtcdClient): EtcdOperations =>
    wrapClient(base, {
      watch: (next) => ({
        watch: (request, options) =>
          next.watch(
            silent.key?.equals(request.key) === true ? { ...request, key: Buffer.from('nobody') } : request,
            options,
          ),
        requestProgress: (options) => next.requestProgress(options),
      }),
    });
  await using sessions = await openSessions(etcd.endpoint, 2, 60, late);
  const [one, two] = sessions.open;
  const own = Buffer.from(`replaced/${two.lease.toString(16)}`);
  silent.key = own;
  const lock = await mutex(one, 'replaced').lock();
  const waiting = rejects(mutex(two, 'replaced').lock(), { code: 'LOCK_LOST' });
  await eventually(async () => (await contenders(client, 'replaced')) === 2);
  await client.kv.delete(own);
  await client.kv.put(own, '', { lease: two.lease });
  await lock.unlock();
  await waiting;
  assert.is(await contenders(client, 'replaced'), 1, 'the newer key is not ours, and stays');
});

test('MX-07 a compaction while waiting is survived, by the waiter and by the holder', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  const lock = await mutex(one, 'compacted').lock();
  const waiting = mutex(two, 'compacted').lock();
  await eventually(async () => (await contenders(client, 'compacted')) === 2);
  for (let i = 0; i < 5; i++) {
    const { header } = await client.kv.put('other', String(i));
    await client.kv.compact(header.revision);
    await etcd.member.restart();
  }
  assert.not(lock.signal.aborted);
  await lock.unlock();
  assert.not((await waiting).signal.aborted);
});

test('MX-09 an abort while waiting rejects with its reason at once and leaves no key, and so does a deadline', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  await using _lock = await mutex(one, 'abort').lock();
  const ending = new AbortController();
  const waiting = rejects(mutex(two, 'abort').lock({ signal: ending.signal }), /enough/);
  await eventually(async () => (await contenders(client, 'abort')) === 2);
  ending.abort(new Error('enough'));
  await waiting;
  await eventually(async () => (await contenders(client, 'abort')) === 1);
  await rejects(mutex(two, 'abort').lock({ timeoutMs: 100 }), { code: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
  await eventually(async () => (await contenders(client, 'abort')) === 1);
  await rejects(mutex(two, 'abort').lock({ signal: AbortSignal.abort(new Error('before')) }), /before/);
});

test('MX-11 TestMutexUnlock: a second unlock returns the same promise, and deletes no newer lock of the session', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one] = sessions.open;
  const lock = await mutex(one, 'unlock').lock();
  const unlocking = lock.unlock();
  assert.ok(lock.signal.aborted, 'at once');
  assert.is(codeOf(lock.signal), 'CANCELLED');
  assert.is(await unlocking, true);
  const again = await mutex(one, 'unlock').lock();
  assert.is(lock.unlock(), unlocking);
  await lock[Symbol.asyncDispose]();
  assert.is(await contenders(client, 'unlock'), 1);
  assert.not(again.signal.aborted);
});

test('H31 MX-11 TestMutexStaleUnlockDoesNotDeleteSameSessionRelock: an unlock deletes the key only if its create revision is ours', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one] = sessions.open;
  const stale = await mutex(one, 'stale').lock();
  await client.kv.delete(stale.key);
  await eventually(() => stale.signal.aborted);
  const lock = await mutex(one, 'stale').lock();
  assert.equal(lock.key, stale.key);
  assert.is(await stale.unlock(), false);
  assert.is((await client.kv.get(lock.key)).kvs[0]?.createRevision, lock.revision);
  assert.not(lock.signal.aborted);
});

test('MX-13 the signal of a lock aborts with LOCK_LOST when its key is deleted, and with the session', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  const lock = await mutex(one, 'watched').lock();
  await client.kv.delete(lock.key);
  await eventually(() => lock.signal.aborted);
  assert.is(codeOf(lock.signal), 'LOCK_LOST');
  assert.is(await lock.unlock(), false);
  const other = await mutex(two, 'watched').lock();
  await two.orphan();
  assert.ok(other.signal.aborted);
  assert.is(codeOf(other.signal), 'SESSION_ENDED');
});

test('CO-10 MX-14 isOwner guards transactions while the lock is held, and fails after it', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  const lock = await mutex(one, 'owner').lock();
  const write = async (): Promise<boolean> =>
    (await client.kv.txn({ if: [lock.isOwner()], then: [op.put('guarded', 'x')] })).succeeded;
  assert.is(await write(), true);
  await lock.unlock();
  assert.is(await write(), false);
  const next = await mutex(two, 'owner').lock();
  assert.ok(next.revision > lock.revision);
  assert.is(await write(), false);
});

test('MX-15 a user with rights on the name and a slash as a prefix can lock, and on the name only can not', async () => {
  await using own = await startEtcd();
  const root = { username: 'root', password: 'sentinel-root' };
  const user = { username: 'locker', password: 'sentinel-locker' };
  await using admin = createClient({ endpoints: own.endpoint, interceptors: [auth(root)] });
  const users = authAdmin(admin);
  await users.userAdd(root.username, root.password);
  await users.userGrantRole(root.username, 'root');
  await users.userAdd(user.username, user.password);
  await users.roleAdd('lockers');
  await users.roleGrantPermission('lockers', { type: 'readwrite', key: 'shared/', prefix: true });
  await users.roleGrantPermission('lockers', { type: 'readwrite', key: 'single' });
  await users.userGrantRole(user.username, 'lockers');
  await users.enable();
  await using limited = createClient({ endpoints: own.endpoint, interceptors: [auth(user)] });
  await using one = await openSession(limited);
  await using two = await openSession(limited);
  const lock = await mutex(one, 'shared').lock();
  const waiting = mutex(two, 'shared').lock();
  await eventually(async () => (await contenders(limited, 'shared')) === 2);
  await lock.unlock();
  await (await waiting).unlock();
  await rejects(mutex(one, 'single').lock(), { code: 'PERMISSION_DENIED' });
  await rejects(mutex(one, 'single').tryLock(), { code: 'PERMISSION_DENIED' });
});

test('SE-09 locks of one namespace exclude each other, and not those of another', async () => {
  await using inside = await openSessions(etcd.endpoint, 2, 60, (one) => withNamespace(one, 'tenant/'));
  await using outside = await openSessions(etcd.endpoint);
  const lock = await mutex(inside.open[0], 'scoped').lock();
  assert.is(await mutex(inside.open[1], 'scoped').tryLock(), undefined);
  assert.ok(await mutex(outside.open[0], 'scoped').tryLock());
  const waiting = mutex(inside.open[1], 'scoped').lock();
  await eventually(async () => (await contenders(client, 'tenant/scoped')) === 2);
  assert.is(await mutex(outside.open[1], 'tenant/scoped').tryLock(), undefined);
  await lock.unlock();
  assert.ok((await waiting).revision > lock.revision);
});

test('MX-01 a lock also waits for those who contend for a name below it, as in clientv3', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one, two] = sessions.open;
  const below = await mutex(one, 'outer/inner').lock();
  assert.is(await mutex(two, 'outer').tryLock(), undefined);
  await below.unlock();
  const lock = await mutex(two, 'outer').lock();
  assert.ok(await mutex(one, 'outer/inner').tryLock());
  await lock.unlock();
});

test('run unlocks after its body, whatever it does, and rejects with what it throws', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one] = sessions.open;
  const locked = mutex(one, 'run');
  const value = await locked.run(async (signal, lock) => {
    assert.is(signal, lock.signal);
    assert.is(await contenders(client, 'run'), 1);
    return 42;
  });
  assert.is(value, 42);
  assert.is(await contenders(client, 'run'), 0);
  const thrown = new TypeError('from the body');
  assert.is(await rejects(locked.run(() => Promise.reject(thrown))), thrown);
  assert.is(await contenders(client, 'run'), 0);
  const atOnce = (): Promise<never> => {
    throw thrown;
  };
  assert.is(await rejects(locked.run(atOnce)), thrown);
  let signal: AbortSignal | undefined;
  const nothing = (given: AbortSignal): never => void (signal = given) as never;
  await rejects(locked.run(nothing), { code: 'INVALID_ARGUMENT', argument: 'body' });
  assert.ok(signal?.aborted);
  await rejects(locked.run('body' as never), { code: 'INVALID_ARGUMENT', argument: 'body' });
  assert.is(await contenders(client, 'run'), 0);
  assert.is(await locked.run(async (_, lock) => lock.unlock()), true, 'a body may unlock itself');
});

test('run rejects with the reason of the signal if the lock was lost though its body resolved', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one] = sessions.open;
  const run = mutex(one, 'run-lost').run(async (signal, lock) => {
    await client.kv.delete(lock.key);
    await eventually(() => signal.aborted);
    return 'done';
  });
  await rejects(run, { code: 'LOCK_LOST' });
});

test('a mutex of a renewing session locks again under a new session after a loss', async () => {
  await using own = createClient({ endpoints: etcd.endpoint });
  await using sessions = renewingSession(own);
  const again = mutex(sessions, 'renewing');
  const first = await again.lock();
  await own.lease.revoke((await sessions.current()).lease);
  assert.ok(first.signal.aborted);
  const second = await again.lock();
  assert.is.not(second.key.toString(), first.key.toString());
  assert.not(second.signal.aborted);
});

test('MX-01 arguments of a mutex are refused by name', async () => {
  await using sessions = await openSessions(etcd.endpoint);
  const [one] = sessions.open;
  const lock = await mutex(one, 'arguments').lock();
  assert.throws(() => mutex(one, ''), /^EMPTY_KEY: name must not be empty/);
  assert.throws(() => mutex(one, 'a/694d71ddacfda227'), /name must not end in a slash and a lease id/);
  assert.throws(() => mutex(one, 5 as never), /name must be a string/);
  assert.throws(() => mutex({ ...one }, 'a'), /session is no session: pass what openSession .* not a copy of it/);
  assert.throws(() => mutex(one.client as never, 'a'), /session is no session: it is a client/);
  assert.throws(() => mutex(lock as never, 'a'), /session is no session: it is held under a session/);
  assert.throws(() => mutex(openSession(one.client) as never, 'a'), /session is no session: await it first/);
  assert.throws(() => mutex(one, 'a', { reentrent: true } as never), /did you mean reentrant\?/);
  assert.throws(() => mutex(one, 'a', { reentrant: 'yes' as never }), /reentrant must be true or false/);
  await rejects(mutex(one, 'a').lock({ timeout: 5 } as never), { argument: 'timeout' });
  await rejects(mutex(one, 'a').lock(new AbortController().signal as never), /pass \{ signal \}/);
  await rejects(lock.unlock({ timeout: 5 } as never), { argument: 'timeout' });
  assert.not(lock.signal.aborted, 'a refused unlock does nothing');
  assert.is(await lock.unlock(), true);
  await rejects(one.close({ timeout: 5 } as never), { argument: 'timeout' });
  assert.not(one.signal.aborted);
});

test.run();
