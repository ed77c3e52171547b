import { createClient, type EtcdError } from '@etcdts/core';
import { assert, eventually, isAtLeast, rejects, startCluster, startEtcd, suite } from '@etcdts/testing';

const test = suite('cluster', { timeoutMs: 60_000 });

test('C-04 C-02 C-03 C-05 C-06 a learner is added, started, promoted and removed', async () => {
  await using etcd = await startEtcd();
  await using client = createClient({ endpoints: etcd.endpoints });
  const { cluster, kv, maintenance } = client;

  const { members: before } = await cluster.memberList();
  assert.equal(
    before.map(({ name, peerUrls, clientUrls, isLearner }) => ({ name, peerUrls, clientUrls, isLearner })),
    [
      {
        name: etcd.member.name,
        peerUrls: [etcd.member.peerUrl],
        clientUrls: [etcd.member.clientUrl],
        isLearner: false,
      },
    ],
  );
  const first = before[0]?.id as bigint;
  await rejects(cluster.memberPromote(first), { code: 'MEMBER_NOT_LEARNER', outcome: 'not-applied' });

  const joining = await etcd.addMember();
  // Until 3.6, a change of its URLs makes a learner a voting member.
  const updates = isAtLeast(etcd.version, '3.6');
  const { member, members } = await cluster.memberAddAsLearner([updates ? 'http://127.0.0.1:1' : joining.peerUrl]);
  assert.ok(member.isLearner);
  assert.is(member.name, '');
  assert.equal(members.map(({ id }) => id).sort(), [first, member.id].sort());
  await rejects(cluster.memberAddAsLearner(['http://127.0.0.1:2']), { code: 'TOO_MANY_LEARNERS' });
  await rejects(cluster.memberAdd([etcd.member.peerUrl]), { code: 'PEER_URL_EXIST' });
  await rejects(cluster.memberPromote(member.id), { code: 'MEMBER_LEARNER_NOT_READY' });

  if (updates) {
    const updated = await cluster.memberUpdate(member.id, [joining.peerUrl]);
    const learner = updated.members.find(({ id }) => id === member.id);
    assert.equal(learner?.peerUrls, [joining.peerUrl]);
    assert.ok(learner?.isLearner, 'an updated learner stays one');
  }

  // A learner does not answer linearizable reads, so that it is never healthy.
  await joining.start({ waitHealthy: false });
  const at = { endpoint: joining.clientUrl };
  const status = await eventually(() => maintenance.status(joining.clientUrl));
  assert.ok(status.isLearner);
  assert.is(status.header.memberId, member.id);
  await rejects(kv.put('cluster/learner', 'x', at), { code: 'NOT_SUPPORTED_FOR_LEARNER', outcome: 'not-applied' });

  await eventually(() => cluster.memberPromote(member.id), { timeoutMs: 20_000 });
  const promoted = (await cluster.memberList()).members.find(({ id }) => id === member.id);
  assert.is(promoted?.isLearner, false);
  assert.is(promoted?.name, joining.name);
  await eventually(() => kv.put('cluster/learner', 'x', at));

  const { members: left } = await eventually(() => cluster.memberRemove(member.id), { timeoutMs: 20_000 });
  assert.equal(
    left.map(({ id }) => id),
    [first],
  );
  await rejects(cluster.memberRemove(member.id), { code: 'MEMBER_NOT_FOUND' });
  await rejects(cluster.memberUpdate(2n ** 64n - 1n, [joining.peerUrl]), { code: 'MEMBER_NOT_FOUND' });
});

test('C-02 a voting member is added and joins', async () => {
  await using etcd = await startEtcd();
  await using client = createClient({ endpoints: etcd.endpoints });
  const joining = await etcd.addMember();
  const { member } = await client.cluster.memberAdd([joining.peerUrl]);
  assert.not(member.isLearner);
  await joining.start();
  const { members } = await client.cluster.memberList();
  assert.equal(
    members
      .map(({ clientUrls }) => clientUrls)
      .flat()
      .sort(),
    [...etcd.endpoints].sort(),
  );
});

test('C-01 without a quorum the serializable list answers and the linearizable one does not', async () => {
  await using etcd = await startCluster({ members: 3 });
  const [alive, ...others] = etcd.members;
  await using client = createClient({ endpoints: alive?.clientUrl as string });
  assert.is((await client.cluster.memberList()).members.length, 3);
  await Promise.all(others.map((member) => member.kill()));
  await eventually(async () => (await client.maintenance.status(alive?.clientUrl as string)).leader === 0n);
  assert.is((await client.cluster.memberList({ serializable: true })).members.length, 3);
  // etcd 3.4 has only the serializable list.
  if (!isAtLeast(etcd.version, '3.5')) return;
  const error = await rejects<EtcdError>(client.cluster.memberList({ timeoutMs: 1500 }));
  assert.is(error.name, 'EtcdError');
  assert.is(error.outcome, 'not-applied');
});

test.run();
