// limit: 120 s
import { createClient, type EtcdClient, type EtcdError } from '@etcdts/core';
import { isCall, methods, type Interceptor } from '@etcdts/core/plugin';
import { mutex, openSession, renewingSession, type Session } from '@etcdts/concurrency';
import { withNamespace } from '@etcdts/namespace';
import { assert, eventually, rejects, startCluster, startEtcd, startProxy, suite } from '@etcdts/testing';
import type { EtcdServer } from '@etcdts/testing';
import { contenders } from './sessions.ts';

const test = suite('sessions on etcd', { timeoutMs: 20_000 });
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

const leases = async (): Promise<readonly bigint[]> => (await client.lease.leases()).leases;

test('CO-01 CO-04 SE-01 SE-03 TestSessionTTLOptions: a session has the time to live that etcd granted, and close revokes its lease', async () => {
  const session = await openSession(client, { ttl: 90 });
  assert.is(session.ttl, 90);
  assert.is((await client.lease.timeToLive(session.lease)).grantedTtl, 90);
  assert.is(session.client, client);
  const closing = session.close();
  assert.ok(session.signal.aborted, 'at once');
  assert.is((session.signal.reason as EtcdError).code, 'SESSION_ENDED');
  assert.is(session.close(), closing);
  await closing;
  assert.is((await client.lease.timeToLive(session.lease)).ttl, -1);
  const usual = await openSession(client);
  assert.is(usual.ttl, 60);
  await usual.close();
});

test('SE-03 a small ttl is raised by etcd, and the session has what was granted', async () => {
  await using slow = await startEtcd({ timing: 'default' });
  await using other = createClient({ endpoints: slow.endpoint });
  await using session = await openSession(other, { ttl: 1 });
  assert.is(session.ttl, 2);
});

test('CO-02 CO-04 SE-04 SE-06 TestSessionOptions: a lease is adopted, and orphan ends the session at once and leaves the lease', async () => {
  await using other = createClient({ endpoints: etcd.endpoint });
  const first = await openSession(client, { ttl: 30 });
  const second = await openSession(other, { lease: first.lease });
  assert.equal([second.lease, second.ttl], [first.lease, 30]);
  const orphaned = first.orphan();
  assert.ok(first.signal.aborted);
  await orphaned;
  assert.not(second.signal.aborted);
  assert.ok((await client.lease.timeToLive(first.lease)).ttl > 0);
  await second.close();
  assert.is((await client.lease.timeToLive(first.lease)).ttl, -1);
  await first.close();
});

test('SE-04 a lease that is gone is LEASE_NOT_FOUND when it is adopted', async () => {
  const { id } = await client.lease.grant(60);
  await client.lease.revoke(id);
  await rejects(openSession(client, { lease: id }), { code: 'LEASE_NOT_FOUND' });
});

test('CO-03 SE-06 TestSessionCtx: what follows the signal of a session ends with orphan', async () => {
  await using session = await openSession(client);
  const child = AbortSignal.any([session.signal]);
  await session.orphan();
  assert.ok(child.aborted);
  await session.orphan();
});

test('SE-06 MX-09 orphan resolves when the keys of waiters are removed, and leaves what is held', async () => {
  await using other = createClient({ endpoints: etcd.endpoint });
  await using first = await openSession(client);
  const second = await openSession(other);
  await using _lock = await mutex(first, 'orphan').lock();
  await mutex(second, 'kept').lock();
  const waiting = rejects(mutex(second, 'orphan').lock(), { code: 'SESSION_ENDED' });
  await eventually(async () => (await contenders(client, 'orphan')) === 2);
  await second.orphan();
  assert.is(await contenders(client, 'orphan'), 1);
  assert.is(await contenders(client, 'kept'), 1);
  await waiting;
  await second.close();
  assert.is(await contenders(client, 'kept'), 0);
});

test('SE-05 a session whose lease is revoked by another client ends with LEASE_NOT_FOUND', async () => {
  await using other = createClient({ endpoints: etcd.endpoint });
  const session = await openSession(client, { ttl: 1 });
  await other.lease.revoke(session.lease);
  await eventually(() => session.signal.aborted);
  assert.is((session.signal.reason as EtcdError).code, 'LEASE_NOT_FOUND');
  await session.close();
});

test('SE-05 the end of its client ends a session', async () => {
  const other = createClient({ endpoints: etcd.endpoint });
  const session = await openSession(other);
  await other.close();
  assert.is((session.signal.reason as EtcdError).code, 'CLIENT_CLOSED');
  await rejects(session.close(), { code: 'CLIENT_CLOSED' });
  await client.lease.revoke(session.lease);
});

test('SE-10 two sessions that adopt one lease are one owner, with one key', async () => {
  await using other = createClient({ endpoints: etcd.endpoint });
  await using first = await openSession(client);
  const second = await openSession(other, { lease: first.lease });
  const lock = await mutex(first, 'adopted').lock();
  const same = await mutex(second, 'adopted').lock();
  assert.equal([same.key, same.revision], [lock.key, lock.revision]);
  assert.is(await contenders(client, 'adopted'), 1);
  assert.is(await same.unlock(), true);
  await eventually(() => lock.signal.aborted);
  assert.is((lock.signal.reason as EtcdError).code, 'LOCK_LOST');
  await second.orphan();
});

test('SE-08 the option signal rejects the opening with its reason, and afterwards ends the session as orphan does', async () => {
  const ending = new AbortController();
  const session = await openSession(client, { signal: ending.signal });
  ending.abort(new Error('enough'));
  assert.ok(session.signal.aborted);
  const reason = session.signal.reason as EtcdError;
  assert.is(reason.code, 'SESSION_ENDED');
  assert.is((reason.cause as Error).message, 'enough');
  assert.ok((await client.lease.timeToLive(session.lease)).ttl > 0);
  await session.close();
  await rejects(openSession(client, { signal: ending.signal }), /enough/);
  await rejects(openSession(client, { lease: 5n, signal: ending.signal }), /enough/);
});

test('SE-09 sessions in a namespace have leases of the namespace, and two sessions share a stream', async () => {
  await using scoped = withNamespace(client, 'tenant/');
  const started = async (): Promise<number> =>
    etcd.member.metric('grpc_server_started_total', { grpc_method: 'LeaseKeepAlive' });
  const before = await started();
  await using one = await openSession(scoped);
  await using two = await openSession(client);
  await eventually(async () => (await started()) === before + 1);
  assert.is.not(one.lease, two.lease);
  await scoped.kv.put('a', '', { lease: one.lease });
  assert.is((await client.kv.get('tenant/a')).kvs[0]?.lease, one.lease);
});

test('SE-02 a grant whose answers are lost is repeated until the deadline, and leaves one lease', async () => {
  const before = (await leases()).length;
  await using proxy = await startProxy(etcd.endpoint);
  await using other = createClient({ endpoints: proxy.endpoint });
  await other.kv.get('warm');
  proxy.swallowReplies();
  const opening = openSession(other, { timeoutMs: 15_000 });
  await eventually(async () => (await leases()).length > before);
  await proxy.heal();
  await using session = await opening;
  await eventually(async () => (await leases()).length === before + 1);
  assert.ok((await leases()).includes(session.lease));
});

test('SE-01 SE-02 opening ends with the deadline while no answer comes, and the leases are revoked', async () => {
  const before = (await leases()).length;
  await using proxy = await startProxy(etcd.endpoint);
  await using other = createClient({ endpoints: proxy.endpoint });
  await other.kv.get('warm');
  proxy.swallowReplies();
  const started = performance.now();
  const opening = rejects(openSession(other, { timeoutMs: 3_000 }), { code: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
  await eventually(async () => (await leases()).length > before);
  await opening;
  const took = performance.now() - started;
  assert.ok(took > 2_900 && took < 4_000, `${took} ms`);
  await proxy.heal();
  await eventually(async () => (await leases()).length === before);
});

test('SE-01 a member that is stopped while a session is opened does not keep it from opening', async () => {
  await using cluster = await startCluster();
  const leader = await cluster.leader();
  const stopped = cluster.members[(leader + 1) % 3]!;
  // The first grant goes to the stopped member.
  let first = true;
  const firstThere: Interceptor = {
    name: 'first there',
    unary: (next) => async (call) => {
      if (!first || !isCall(call, methods.leaseGrant)) return next(call);
      first = false;
      return next({ ...call, endpoint: stopped.endpoint });
    },
  };
  await using other = createClient({ endpoints: cluster.endpoints, interceptors: [firstThere] });
  await other.kv.get('warm', { endpoint: stopped.endpoint });
  await stopped.freeze();
  try {
    const session = await openSession(other);
    assert.not(session.signal.aborted);
    await session.close();
  } finally {
    await stopped.thaw();
  }
});

test('SE-07 close without a quorum ends within the time to live', async () => {
  await using cluster = await startCluster();
  await using other = createClient({ endpoints: cluster.endpoints });
  const session = await openSession(other, { ttl: 3 });
  await Promise.all([cluster.members[0]!.kill(), cluster.members[1]!.kill()]);
  const started = performance.now();
  await rejects(session.close());
  assert.ok(performance.now() - started < 4_000);
  assert.is((session.signal.reason as EtcdError).code, 'SESSION_ENDED');
});

test('SE-11 after a blocked event loop the signal of a session is aborted before guarded code runs', async () => {
  await using session = await openSession(client, { ttl: 2 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await Promise.resolve().then(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, session.ttl * 1_000 + 100);
  });
  // No timer has run since.
  assert.ok(session.signal.aborted);
  assert.is((session.signal.reason as EtcdError).code, 'LEASE_LOST');
});

test('a renewing session opens another session after a loss, with an event for each loss', async () => {
  const lost: [unknown, Session][] = [];
  const sessions = renewingSession(client, { ttl: 1, onLost: (...event) => lost.push(event) });
  const [first, same] = await Promise.all([sessions.current(), sessions.current()]);
  assert.is(first, same);
  assert.is(await sessions.current(), first);
  await client.lease.revoke(first.lease);
  assert.ok(first.signal.aborted);
  const second = await sessions.current();
  assert.is.not(second, first);
  assert.equal(
    lost.map(([reason, session]) => [(reason as EtcdError).code, session]),
    [['LEASE_NOT_FOUND', first]],
  );
  await sessions.close();
  assert.is(lost.length, 1, 'a close is no loss');
  assert.is((await client.lease.timeToLive(second.lease)).ttl, -1);
  await rejects(sessions.current(), { code: 'SESSION_ENDED' });
});

test('an onLost that throws or rejects harms nothing, and is a warning of the process', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(`${Reflect.get(warning, 'code')}: ${warning.message}`);
  process.on('warning', onWarning);
  try {
    for (const onLost of [
      () => {
        throw new Error('thrown here');
      },
      () => Promise.reject(new Error('rejected here')),
    ]) {
      await using sessions = renewingSession(client, { onLost });
      const { lease, signal } = await sessions.current();
      await client.lease.revoke(lease);
      assert.ok(signal.aborted);
      assert.not((await sessions.current()).signal.aborted);
    }
    await eventually(() => warnings.length === 2);
    assert.match(warnings.join('\n'), /ETCDTS_ON_LOST_FAILED: .*thrown here\n.*rejected here/);
  } finally {
    process.off('warning', onWarning);
  }
});

test('a caller of current that gives up does not end the opening of the others', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using other = createClient({ endpoints: proxy.endpoint });
  await using sessions = renewingSession(other);
  proxy.pause('toClient');
  const hurried = rejects(sessions.current({ timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED' });
  const patient = sessions.current();
  await hurried;
  await proxy.heal();
  assert.not((await patient).signal.aborted);
});

test('SE-03 arguments of a session are refused by name', async () => {
  for (const ttl of [0, -1, 1.5, Number.NaN, '60' as never]) {
    await rejects(openSession(client, { ttl }), { code: 'INVALID_ARGUMENT', argument: 'ttl' });
  }
  await rejects(openSession(client, { lease: 0n }), { code: 'INVALID_ARGUMENT', argument: 'lease' });
  await rejects(openSession(client, { lease: 5n, ttl: 5 }), { code: 'INVALID_ARGUMENT', argument: 'ttl' });
  await rejects(openSession(client, { tttl: 5 } as never), { argument: 'tttl', message: /did you mean ttl/ });
  await rejects(openSession({} as never), { argument: 'client' });
  await rejects(openSession(client, new AbortController().signal as never), /pass \{ signal \}/);
  assert.throws(() => renewingSession(client, { lease: 5n } as never), /unknown option lease/);
  assert.throws(() => renewingSession(client, { ttl: 0 }), /ttl must be at least 1/);
});

test.run();
