// limit: 180 s
import { createClient, isEtcdError } from '@etcdts/core';
import { assert, eventually, rejects, startCluster, suite, type EtcdMember } from '@etcdts/testing';

const test = suite('leases after a leader was paused', { timeoutMs: 120_000 });
const ROUNDS = 6;

test('H43 a member that led before a pause ends no keepalive of a lease that it does not know yet', async () => {
  await using cluster = await startCluster();
  for (let round = 0; round < ROUNDS; round++) {
    const paused = cluster.members[await cluster.leader()] as EtcdMember;
    const others = cluster.members.filter((member) => member !== paused).map(({ endpoint }) => endpoint);
    await using client = createClient({ endpoints: paused.endpoint });
    await using elsewhere = createClient({ endpoints: others });
    await Promise.all([client.kv.get('paused'), elsewhere.kv.get('paused')]);
    await paused.freeze();
    const granted: bigint[] = [];
    // Refused until the others have elected a leader.
    const grant = async (): Promise<boolean> => {
      const { id } = await elsewhere.lease.grant(60, { timeoutMs: 500 });
      return granted.push(id) === 30;
    };
    await eventually(() => grant().catch(() => false), { timeoutMs: 20_000, describe: 'the others have a leader' });
    // What they send waits in the paused member, whose first moments they meet.
    const kept = granted.slice(0, 15).map((id) => client.lease.keepAlive(id, { timeoutMs: 30_000 }));
    const once = granted.slice(15).map((id) => client.lease.keepAliveOnce(id, { timeoutMs: 30_000 }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await paused.thaw();
    const renewals = await Promise.all([...once, ...kept.map(({ renewed }) => renewed)]);
    assert.ok(renewals.every(({ ttl }) => ttl === 60));
    assert.ok(kept.every(({ signal }) => !signal.aborted));
    // One that is gone ends as before.
    await elsewhere.lease.revoke(granted[0] as bigint);
    await rejects(client.lease.keepAliveOnce(granted[0] as bigint), { code: 'LEASE_NOT_FOUND' });
    const late = client.lease.keepAlive((granted[0] as bigint) + 1n);
    await rejects(late.renewed, { code: 'LEASE_NOT_FOUND' });
    assert.ok(isEtcdError(late.signal.reason, 'LEASE_NOT_FOUND'));
  }
});

test.run();
