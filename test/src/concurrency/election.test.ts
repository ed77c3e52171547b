// limit: 120 s
import { createClient, isEtcdError, op, type EtcdClient } from '@etcdts/core';
import { auth, authAdmin } from '@etcdts/auth';
import { election, observeElection, openSession, renewingSession, type Leadership } from '@etcdts/concurrency';
import { assert, eventually, rejects, startCluster, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { first, keysOf, openSessions } from './contenders.ts';

const test = suite('election', { timeoutMs: 30_000 });

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

test('EL-01 EL-02 EL-06 a campaign puts its value under the name and the lease, and a resignation removes it', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one] = open;
  const leadership = await election(one, 'simple').campaign('mine');
  const [kv] = await keysOf(client, 'simple');
  assert.is(kv?.key.toString(), `simple/${one.lease.toString(16)}`);
  assert.equal(leadership.key, kv?.key);
  assert.is(kv?.text(), 'mine');
  assert.is(kv?.lease, one.lease);
  assert.is(leadership.revision, kv?.createRevision);
  assert.is(leadership.header.revision, leadership.revision);
  const guarded = { if: [leadership.isLeader()], then: [op.put('simple-work', '1')] };
  assert.ok((await client.kv.txn(guarded)).succeeded);
  assert.is(await leadership.resign(), true);
  assert.is(await leadership.resign(), true);
  assert.ok(isEtcdError(leadership.signal.reason, 'CANCELLED'));
  assert.is((await keysOf(client, 'simple')).length, 0);
  assert.not((await client.kv.txn(guarded)).succeeded);
});

test('CO-14 EL-03 EL-08 TestElectionWait: of three candidates on three members each leads in turn, and three observers see each', async () => {
  await using cluster = await startCluster();
  await using open = await openSessions(cluster.endpoints, 3);
  await using watching = createClient({ endpoints: cluster.endpoints });
  const ending = new AbortController();
  const seen: string[][] = [[], [], []];
  const observers = seen.map(async (values) => {
    for await (const { kv } of observeElection(watching, 'wait', { signal: ending.signal })) values.push(kv.text());
  });
  const elected: string[] = [];
  let leading = 0;
  await Promise.all(
    open.map(async (session, i) => {
      const leadership = await election(session, 'wait').campaign(`value-${i}`);
      assert.is(++leading, 1);
      elected.push(`value-${i}`);
      await eventually(() => seen.every((values) => values.at(-1) === `value-${i}`));
      leading--;
      assert.is(await leadership.resign(), true);
    }),
  );
  assert.equal(seen, [elected, elected, elected]);
  ending.abort('enough');
  for (const end of await Promise.allSettled(observers)) assert.is((end as PromiseRejectedResult).reason, 'enough');
});

test('EL-03 TestElectionFailover: the next candidate leads when the session of the leader is closed', async () => {
  await using cluster = await startCluster();
  await using open = await openSessions(cluster.endpoints, 3);
  const [one, two, three] = open;
  await election(one, 'failover').campaign('foo');
  assert.is((await first(election(three, 'failover').observe())).kv.text(), 'foo');
  const next = election(two, 'failover').campaign('bar');
  await one.close();
  assert.is((await next).key.toString(), `failover/${two.lease.toString(16)}`);
  assert.is((await first(election(three, 'failover').observe())).kv.text(), 'bar');
  assert.is((await election(three, 'failover').leader())?.kv.text(), 'bar');
});

test('EL-02 TestElectionSessionRecampaign: a second campaign of the leading session replaces its value and leads', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one] = open;
  const before = await election(one, 'again').campaign('abc');
  const after = await election(one, 'again').campaign('def');
  assert.is(after.revision, before.revision);
  assert.is((await first(election(one, 'again').observe())).kv.text(), 'def');
  await before.proclaim('by the first');
  await after.proclaim('by the second');
  assert.is((await keysOf(client, 'again'))[0]?.text(), 'by the second');
  assert.is(await before.resign(), true);
  await eventually(() => after.signal.aborted);
  await rejects(after.proclaim('too late'), { code: 'ELECTION_NOT_LEADER' });
});

test('EL-02 EL-04 of two campaigns of one session at once the second waits, and its abort leaves the first one alone', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one, two] = open;
  const other = await election(two, 'twice').campaign('other');
  const winning = election(one, 'twice').campaign('first');
  await eventually(async () => (await keysOf(client, 'twice')).length === 2);
  const ending = new AbortController();
  const aborted = election(one, 'twice').campaign('second', { signal: ending.signal });
  ending.abort('enough');
  assert.is(await aborted.catch((reason: unknown) => reason), 'enough');
  const last = election(one, 'twice').campaign('third');
  assert.is((await keysOf(client, 'twice'))[1]?.text(), 'first');
  await other.resign();
  assert.not((await winning).signal.aborted);
  assert.is((await last).revision, (await winning).revision);
  assert.is((await keysOf(client, 'twice'))[0]?.text(), 'third');
});

test('EL-01 TestElectionOnPrefixOfExistingKey: a name that is the beginning of a key that exists is won', async () => {
  await client.kv.put('testa', 'value');
  await using open = await openSessions(etcd.endpoint, 2);
  await election(open[0], 'test').campaign('abc', { timeoutMs: 5_000 });
});

test('EL-02 TestElectionOnSessionRestart: a new session on the lease of the leader leads at once, before those who wait', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one, two] = open;
  const before = await election(one, 'restart').campaign('abc');
  const waiting = rejects(election(two, 'restart').campaign('123', { timeoutMs: 3_000 }), {
    code: 'DEADLINE_EXCEEDED',
  });
  await eventually(async () => (await keysOf(client, 'restart')).length === 2);
  await using restarted = await openSession(client, { lease: one.lease });
  const after = await election(restarted, 'restart').campaign('def');
  assert.is(after.revision, before.revision);
  assert.is((await first(election(restarted, 'restart').observe())).kv.text(), 'def');
  await waiting;
  await eventually(async () => (await keysOf(client, 'restart')).length === 1);
});

test('CO-13 EL-13 TestResumeElection: an adopted lease resumes a leadership by key and revision, and the next leader is seen', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one, two] = open;
  const before = await election(one, 'resume').campaign('candidate1');
  const waiting = election(two, 'resume').campaign('candidate2');
  await eventually(async () => (await keysOf(client, 'resume')).length === 2);
  await one.orphan();
  assert.ok(before.signal.aborted);
  await using restarted = await openSession(client, { lease: one.lease });
  const again = election(restarted, 'resume');
  const resumed = (await again.resume(before.key, before.revision)) as Leadership;
  assert.is(resumed.revision, before.revision);
  await resumed.proclaim('back');
  assert.is((await again.leader())?.kv.text(), 'back');
  const observed = again.observe()[Symbol.asyncIterator]();
  assert.is((await observed.next()).value?.kv.text(), 'back');
  await client.kv.put('foo', 'bar');
  await resumed.resign();
  await waiting;
  const { value } = await observed.next();
  assert.is(value?.kv.text(), 'candidate2');
  assert.ok(value?.kv.key.toString().startsWith('resume/'));
  await observed.return?.();
  assert.is(await again.resume(before.key, before.revision), undefined);
});

test('EL-13 what does not lead is not resumed: a waiter, an older revision, the key of another session', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one, two] = open;
  const leadership = await election(one, 'no-resume').campaign('1');
  const ending = new AbortController();
  const waiting = election(two, 'no-resume').campaign('2', { signal: ending.signal });
  await eventually(async () => (await keysOf(client, 'no-resume')).length === 2);
  const [, second] = await keysOf(client, 'no-resume');
  assert.is(await election(two, 'no-resume').resume(second!.key, second!.createRevision), undefined);
  assert.is(await election(two, 'no-resume').resume(leadership.key, leadership.revision), undefined);
  assert.is(await election(one, 'no-resume').resume(leadership.key, leadership.revision - 1n), undefined);
  await rejects(election(one, 'no-resume').resume('other/1', 1n), { code: 'INVALID_ARGUMENT', argument: 'key' });
  ending.abort('enough');
  await waiting.catch(() => {});
});

test('EL-08 TestElectionObserveFreshResponsesOnProclaim: an observer sees each proclamation, one of the same value too', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const leadership = await election(open[0], 'fresh').campaign('p0');
  const observed = observeElection(client, 'fresh')[Symbol.asyncIterator]();
  assert.is((await observed.next()).value?.kv.text(), 'p0');
  let revision = 0n;
  for (const value of ['p1', 'p1', 'p2', 'p2']) {
    await leadership.proclaim(value);
    const { value: seen } = await observed.next();
    assert.is(seen?.kv.text(), value);
    assert.ok(seen.revision > revision);
    revision = seen.revision;
  }
  await observed.return?.();
});

test('CO-18 EL-09 TestElectionObserveCompacted: a leader whose key is older than the compaction is seen', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  await election(open[0], 'compacted').campaign('abc');
  const { header } = await client.kv.put('foo', 'bar');
  await client.kv.compact(header.revision);
  assert.is((await first(observeElection(client, 'compacted'))).kv.text(), 'abc');
});

test('CO-14 EL-04 MX-07 a compaction while waiting, and an abort, leave no candidate behind', async () => {
  await using open = await openSessions(etcd.endpoint, 3);
  const [one, two, three] = open;
  const leadership = await election(one, 'waiting').campaign('1');
  const ending = new AbortController();
  const aborted = election(three, 'waiting').campaign('3', { signal: ending.signal });
  await eventually(async () => (await keysOf(client, 'waiting')).length === 2);
  const next = election(two, 'waiting').campaign('2');
  await eventually(async () => (await keysOf(client, 'waiting')).length === 3);
  const { header } = await client.kv.put('foo', 'bar');
  await client.kv.compact(header.revision);
  ending.abort('enough');
  assert.is(await aborted.catch((reason: unknown) => reason), 'enough');
  await eventually(async () => (await keysOf(client, 'waiting')).length === 2);
  await leadership.resign();
  await next;
  assert.is((await keysOf(client, 'waiting'))[0]?.text(), '2');
});

test('EL-03 EL-14 a candidate whose key is deleted rejects at once, and a leader learns it by its signal', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one, two] = open;
  const leadership = await election(one, 'deleted').campaign('1');
  const waiting = rejects(election(two, 'deleted').campaign('2'), { code: 'LOCK_LOST' });
  await eventually(async () => (await keysOf(client, 'deleted')).length === 2);
  await client.kv.delete((await keysOf(client, 'deleted'))[1]!.key);
  await waiting;
  await client.kv.delete(leadership.key);
  await eventually(() => leadership.signal.aborted);
  assert.ok(isEtcdError(leadership.signal.reason, 'LOCK_LOST'));
  await rejects(leadership.proclaim('x'), { code: 'ELECTION_NOT_LEADER', outcome: 'not-applied' });
  assert.is(await leadership.resign(), false);
});

test('EL-04 a session that is lost ends a campaign at once', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one, two] = open;
  await election(one, 'ended').campaign('1');
  const waiting = rejects(election(two, 'ended').campaign('2'), { code: 'LEASE_NOT_FOUND' });
  await eventually(async () => (await keysOf(client, 'ended')).length === 2);
  await two.client.lease.revoke(two.lease);
  await waiting;
});

test('CO-15 EL-05 proclamations at once are written one after the other, in order; a leader that lost its key finds out by one', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const leadership = await election(open[0], 'proclaim').campaign('0');
  const watch = client.watch('proclaim/', { prefix: true });
  await watch.created;
  await Promise.all(Array.from({ length: 30 }, (_, i) => leadership.proclaim(String(i))));
  const seen: string[] = [];
  for await (const { kv } of watch.events()) if (seen.push(kv.text()) === 30) break;
  assert.equal(
    seen,
    Array.from({ length: 30 }, (_, i) => String(i)),
  );
  // The key is replaced by another one of the same name before the watch can report it.
  await client.kv.delete(leadership.key);
  await client.kv.put(leadership.key, 'usurped');
  const error = await rejects(leadership.proclaim('mine'), { code: 'ELECTION_NOT_LEADER' });
  assert.ok(leadership.signal.aborted, String(error));
  assert.is((await keysOf(client, 'proclaim'))[0]?.text(), 'usurped');
});

test('EL-06 TestElectionResignCanRetryAfterError: a resignation that was aborted can be called again and removes the key', async () => {
  await using own = await startEtcd();
  await using open = await openSessions(own.endpoint, 2);
  const leadership = await election(open[0], 'retry').campaign('1');
  await own.member.freeze();
  const ending = new AbortController();
  const failing = leadership.resign({ signal: ending.signal });
  ending.abort('enough');
  assert.is(await failing.catch((reason: unknown) => reason), 'enough');
  await rejects(leadership.resign({ timeoutMs: 200 }), { code: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
  assert.ok(leadership.signal.aborted);
  await own.member.thaw();
  assert.is(await leadership.resign(), true);
  await using other = createClient({ endpoints: own.endpoint });
  assert.is((await keysOf(other, 'retry')).length, 0);
});

test('TestElectionWithAuthEnabled MX-15: a user with the rights on the name and a slash campaigns, proclaims, observes and resigns', async () => {
  await using own = await startEtcd();
  await using root = createClient({
    endpoints: own.endpoint,
    interceptors: [auth({ username: 'root', password: 'sentinel-root' })],
  });
  const admin = authAdmin(root);
  await admin.userAdd('root', 'sentinel-root');
  await admin.userGrantRole('root', 'root');
  await admin.userAdd('ann', 'sentinel-ann');
  await admin.roleAdd('candidate');
  await admin.roleGrantPermission('candidate', { type: 'readwrite', key: 'guarded/', prefix: true });
  await admin.userGrantRole('ann', 'candidate');
  await admin.enable();
  await using ann = createClient({
    endpoints: own.endpoint,
    interceptors: [auth({ username: 'ann', password: 'sentinel-ann' })],
  });
  await using session = await openSession(ann);
  await using leadership = await election(session, 'guarded').campaign('1');
  await leadership.proclaim('2');
  assert.is((await first(observeElection(ann, 'guarded'))).kv.text(), '2');
  await rejects(election(session, 'forbidden').campaign('1'), { code: 'PERMISSION_DENIED' });
  await rejects(first(observeElection(ann, 'forbidden')), { code: 'PERMISSION_DENIED' });
});

test('ExampleElection_Campaign: two candidates lead one after the other, the second under a renewing session', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  await using renewing = renewingSession(client);
  const e1 = election(open[0], 'example');
  const e2 = election(renewing, 'example');
  const leadership = await e1.campaign('e1');
  const second = e2.campaign('e2');
  assert.is((await e2.leader())?.kv.text(), 'e1');
  await leadership.resign();
  await using won = await second;
  assert.is((await e1.leader())?.kv.text(), 'e2');
  assert.ok(won.revision > leadership.revision);
});

test('bad arguments are refused by name, before anything is sent', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one] = open;
  assert.throws(() => election(one, ''), /^EMPTY_KEY: name must not be empty/);
  assert.throws(() => election(client as never, 'e'), /^INVALID_ARGUMENT: session is no session/);
  const bad = election(one, 'bad');
  await rejects(bad.campaign(7 as never), { code: 'INVALID_ARGUMENT', argument: 'value' });
  await rejects(bad.campaign('1', { timeout: 1 } as never), /unknown option timeout; did you mean timeoutMs/);
  await rejects(bad.resume('', 1n), { code: 'EMPTY_KEY', argument: 'key' });
  await rejects(bad.resume(`bad/${one.lease.toString(16)}`, 0n), { code: 'INVALID_ARGUMENT', argument: 'revision' });
  assert.throws(() => bad.observe({ vacancies: 'yes' } as never), /^INVALID_ARGUMENT: vacancies/);
  assert.is((await keysOf(client, 'bad')).length, 0);
  await one.close();
  await rejects(bad.campaign('1'), { code: 'SESSION_ENDED' });
});

test.run();
