import { createClient, type EtcdClient, type EtcdError, isEtcdError } from '@etcdts/core';
import {
  assert,
  type EtcdCluster,
  eventually,
  isAtLeast,
  rejects,
  startCluster,
  startEtcd,
  suite,
} from '@etcdts/testing';

const MIB = 1024 * 1024;

const test = suite('maintenance', { timeoutMs: 60_000 });

/** The cluster of three for all tests that kill no member. */
let etcd: EtcdCluster;
let client: EtcdClient;
test.before(async () => {
  etcd = await startCluster({ members: 3 });
  client = createClient({ endpoints: etcd.endpoints });
});
test.after(async () => {
  await client.close();
  await etcd.close();
});

test('M-06 status is of the member at the endpoint', async () => {
  const { members } = await client.cluster.memberList();
  const leaders = new Set<bigint>();
  for (const endpoint of etcd.endpoints) {
    const status = await client.maintenance.status(endpoint);
    const member = members.find(({ clientUrls }) => clientUrls.includes(endpoint));
    assert.is(status.header.memberId, member?.id);
    assert.is(status.version, etcd.version);
    assert.is(status.isLearner, false);
    assert.equal(status.errors, []);
    assert.ok(status.dbSize > 0 && status.dbSizeInUse > 0 && status.dbSizeInUse <= status.dbSize);
    assert.ok(status.raftTerm > 0n && status.raftIndex >= status.raftAppliedIndex);
    if (isAtLeast(etcd.version, '3.6')) assert.ok(status.dbSizeQuota > 0);
    leaders.add(status.leader);
  }
  assert.is(leaders.size, 1);
});

test('M-01 an endpoint outside of the client’s own is asked all the same', async () => {
  await using other = createClient({ endpoints: etcd.endpoints[0] as string });
  const [first, second] = await Promise.all(etcd.endpoints.slice(0, 2).map((each) => other.maintenance.status(each)));
  assert.is.not(first?.header.memberId, second?.header.memberId);
  assert.equal(other.endpoints, etcd.endpoints.slice(0, 1));
});

test('M-01 an endpoint that is no address is refused by name', async () => {
  for (const endpoint of ['', ' ', 'http://', 'ftp://127.0.0.1:2379']) {
    await rejects(client.maintenance.status(endpoint), { code: 'INVALID_ARGUMENT', argument: 'endpoint' });
  }
});

test('M-01 an endpoint where nobody listens fails, typed, and other calls go on', async () => {
  await rejects(client.maintenance.status('http://127.0.0.1:1'), { code: 'UNAVAILABLE', outcome: 'not-applied' });
  await client.kv.get('maintenance/other');
});

test('M-07 hashKv is equal on all members for one revision', async () => {
  const { header } = await client.kv.put('maintenance/hash', 'one');
  await client.kv.put('maintenance/hash', 'two');
  const hash = (endpoint: string, revision?: bigint): Promise<number> =>
    // A follower that does not have the revision yet answers FUTURE_REV.
    eventually(async () => (await client.maintenance.hashKv(endpoint, revision)).hash);
  const old = await Promise.all(etcd.endpoints.map((endpoint) => hash(endpoint, header.revision)));
  assert.is(new Set(old).size, 1);
  const newer = await hash(etcd.endpoints[0] as string, header.revision + 1n);
  assert.is.not(newer, old[0]);
  assert.is(await hash(etcd.endpoints[0] as string), newer);
});

test('M-07 hashKv of a revision that is compacted or to come fails', async () => {
  const [endpoint] = etcd.endpoints as [string];
  const { header } = await client.kv.put('maintenance/compacted', 'x');
  await rejects(client.maintenance.hashKv(endpoint, header.revision + 1_000_000n), { code: 'FUTURE_REV' });
  await client.kv.compact(header.revision, { physical: true });
  const compacted = { code: 'COMPACTED', outcome: 'not-applied' };
  await eventually(() => rejects(client.maintenance.hashKv(endpoint, header.revision - 1n), compacted));
});

test('M-04 hash answers', async () => {
  assert.type((await client.maintenance.hash(etcd.endpoints[0] as string)).hash, 'number');
});

test('M-05 defragment gives space back', async () => {
  const [endpoint] = etcd.endpoints as [string];
  const value = Buffer.alloc(MIB, 1);
  for (let i = 0; i < 4; i++) await client.kv.put(`maintenance/defragment/${i}`, value);
  const { header } = await client.kv.delete('maintenance/defragment/', { prefix: true });
  await client.kv.compact(header.revision, { physical: true });
  await eventually(async () => {
    await client.maintenance.defragment(endpoint);
    const { dbSize } = await client.maintenance.status(endpoint);
    return dbSize < 2 * MIB;
  });
});

test('M-11 moveLeader hands the leadership over, wherever the leader is', async () => {
  for (let i = 0; i < 3; i++) {
    const { leader } = await client.maintenance.status(etcd.endpoints[0] as string);
    const { members } = await client.cluster.memberList();
    const target = members.find(({ id }) => id !== leader)?.id as bigint;
    await client.maintenance.moveLeader(target);
    await eventually(async () => (await client.maintenance.status(etcd.endpoints[0] as string)).leader === target);
  }
});

test('M-11 moveLeader fails for who cannot lead, at a follower, and where no endpoint is the leader', async () => {
  await rejects(client.maintenance.moveLeader(12_345n), { code: 'BAD_LEADER_TRANSFEREE', outcome: 'not-applied' });
  const leader = await etcd.leader();
  const follower = etcd.endpoints[(leader + 1) % 3] as string;
  const { header } = await client.maintenance.status(follower);
  await rejects(client.maintenance.moveLeader(header.memberId, { endpoint: follower }), { code: 'NOT_LEADER' });
  await using blind = createClient({ endpoints: follower });
  const error = await rejects<EtcdError>(blind.maintenance.moveLeader(header.memberId), { code: 'NOT_LEADER' });
  assert.ok(error.message.includes(follower), error.message);
});

test('V-03 M-12 downgrade is validated, and cancelled', async () => {
  if (!isAtLeast(etcd.version, '3.5')) return;
  const [major, minor] = etcd.version.split('.').map(Number) as [number, number];
  const { version } = await client.maintenance.downgrade('validate', `${major}.${minor - 1}.0`);
  assert.ok(version.startsWith(`${major}.${minor}`));
  await rejects(client.maintenance.downgrade('validate', '3.0.0'), { code: 'INVALID_DOWNGRADE_TARGET_VERSION' });
  await rejects(client.maintenance.downgrade('validate', 'three'), { code: 'WRONG_DOWNGRADE_VERSION_FORMAT' });
  // Until 3.6, a cancel without a downgrade under way is an error.
  const cancelled = client.maintenance.downgrade('cancel');
  if (!isAtLeast(etcd.version, '3.6')) return void (await rejects(cancelled, { code: 'NO_INFLIGHT_DOWNGRADE' }));
  assert.ok((await cancelled).version.startsWith(`${major}.${minor}`));
});

test('M-06 without a leader status answers, and says so', async () => {
  await using three = await startCluster({ members: 3 });
  const [alive, ...others] = three.members;
  await using alone = createClient({ endpoints: alive?.clientUrl as string });
  await Promise.all(others.map((member) => member.kill()));
  await eventually(async () => {
    const { leader, errors } = await alone.maintenance.status(alive?.clientUrl as string);
    return leader === 0n && errors.includes('etcdserver: no leader');
  });
});

test('CL-12 rejectOldCluster lets a new cluster pass, and fails where an endpoint does not answer', async () => {
  await using strict = createClient({ endpoints: etcd.endpoints, rejectOldCluster: true });
  await strict.kv.get('maintenance/version');
  await using half = createClient({
    endpoints: [etcd.endpoints[0] as string, 'http://127.0.0.1:1'],
    rejectOldCluster: true,
  });
  await rejects(half.kv.get('maintenance/version'), { code: 'UNAVAILABLE' });
});

test('H6 LIM-05 NO_SPACE is an unknown outcome: writes that cross the quota are applied; compacting, defragmenting and disarming end it', async () => {
  // Every write is committed at once, so that the size for the quota grows with each.
  await using full = await startEtcd({ quotaBytes: 16 * MIB, extraArgs: ['--backend-batch-limit=1'] });
  await using user = createClient({ endpoints: full.endpoints });
  const { kv, maintenance } = user;
  assert.equal((await maintenance.alarmList()).alarms, []);

  // Writes that come one by one are refused before they are proposed; those that were under way are not.
  const value = Buffer.alloc(MIB, 1);
  const keys = Array.from({ length: 40 }, (_, index) => `maintenance/full/${index}`);
  const failed: string[] = [];
  await Promise.all(
    keys.map(async (key) => {
      try {
        await kv.put(key, value);
      } catch (error) {
        assert.ok(isEtcdError(error, 'NO_SPACE'), String(error));
        assert.is(error.outcome, 'unknown');
        failed.push(key);
      }
    }),
  );
  const applied = await Promise.all(failed.map(async (key) => (await kv.get(key, { countOnly: true })).count));
  assert.ok(failed.length > 0, 'some writes fail');
  assert.ok(applied.includes(1), 'of those that fail, some are in the store');

  const { header } = await maintenance.status(full.endpoints[0] as string);
  const { alarms } = await eventually(async () => {
    const list = await maintenance.alarmList();
    return list.alarms.length > 0 && list;
  });
  assert.equal(alarms, [{ memberId: header.memberId, alarm: 'nospace' }]);
  assert.match((await maintenance.status(full.endpoints[0] as string)).errors.join(), /NOSPACE/);
  await rejects(kv.put('maintenance/small', 'x'), { code: 'NO_SPACE' });

  const deleted = await kv.delete('maintenance/full/', { prefix: true });
  await kv.compact(deleted.header.revision, { physical: true });
  await maintenance.defragment(full.endpoints[0] as string);
  assert.ok((await maintenance.status(full.endpoints[0] as string)).dbSize < 8 * MIB);
  await rejects(kv.put('maintenance/small', 'x'), { code: 'NO_SPACE' });

  assert.equal((await maintenance.alarmDisarm({})).alarms, alarms);
  assert.equal((await maintenance.alarmList()).alarms, []);
  await kv.put('maintenance/small', 'x');
  assert.is((await kv.get('maintenance/small')).kvs[0]?.text(), 'x');
});

test.run();
