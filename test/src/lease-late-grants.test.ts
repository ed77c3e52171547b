// limit: 180 s
import { createClient, type EtcdClient } from '@etcdts/core';
import { isCall, methods, type Interceptor } from '@etcdts/core/plugin';
import { retry } from '@etcdts/retry';
import {
  assert,
  eventually,
  rejects,
  startCluster,
  startProxy,
  suite,
  type EtcdCluster,
  type EtcdMember,
  type FaultProxy,
} from '@etcdts/testing';
import { stopCancels } from './no-cancels.ts';

const test = suite('grants that are applied late', { timeoutMs: 60_000 });
const GRANTS = 20;

let cluster: EtcdCluster;
let direct: EtcdClient;

test.before(async () => {
  cluster = await startCluster();
  direct = createClient({ endpoints: cluster.endpoints, interceptors: [retry()] });
});
test.after(async () => {
  await direct.close();
  await cluster.close();
});

/** Sends the first try of each grant to this endpoint, and notes the ids that it was sent. */
function firstTo({ endpoint }: FaultProxy, ids: Set<bigint>): Interceptor {
  return {
    name: 'first to one member',
    unary: (next) => async (call) => {
      if (!isCall(call, methods.leaseGrant) || call.attempt > 1) return next(call);
      ids.add(call.request.id);
      return next({ ...call, endpoint });
    },
  };
}

async function follower(): Promise<EtcdMember> {
  const leader = await cluster.leader();
  return cluster.members[(leader + 1) % cluster.members.length] as EtcdMember;
}

const leases = async (): Promise<readonly bigint[]> => (await direct.lease.leases()).leases;

/** How many grants a member has applied since it started. */
const applied = (member: EtcdMember): Promise<number> => member.metric('etcd_debugging_lease_granted_total');

test('H5 a lease that was used and revoked does not come back when a paused member applies its first grant', async () => {
  const member = await follower();
  await using proxy = await startProxy(member.endpoint);
  const first = new Set<bigint>();
  const interceptors = [retry({ attemptTimeoutMs: 1_000 }), firstTo(proxy, first)];
  const others = cluster.members.filter((one) => one !== member) as [EtcdMember, EtcdMember];
  const endpoints = others.map(({ endpoint }) => endpoint);
  await using client = createClient({ endpoints: [proxy.endpoint, ...endpoints], interceptors });
  await client.kv.get('late', { endpoint: proxy.endpoint });
  await using elsewhere = createClient({ endpoints });
  await member.freeze();
  const used: bigint[] = [];
  try {
    const use = async (_: unknown, i: number): Promise<void> => {
      const { id } = await client.lease.grant(600);
      await elsewhere.kv.put(`late/${i}`, '', { lease: id });
      await elsewhere.lease.revoke(id);
      used.push(id);
    };
    await Promise.all([stopCancels(proxy, GRANTS, 30), ...Array.from({ length: GRANTS }, use)]);
  } finally {
    await member.thaw();
  }
  const [other] = others;
  // Those that were used, and the first ones.
  await eventually(async () => (await applied(other)) > GRANTS, { describe: 'a first grant is applied late' });
  await proxy.heal();
  await eventually(async () => (await leases()).length === 0, {
    timeoutMs: 30_000,
    describe: 'leases that nobody uses are revoked',
  });
  assert.is(first.size, GRANTS);
  for (const id of used) {
    assert.not(first.has(id));
    assert.is((await direct.lease.timeToLive(id)).ttl, -1);
    await rejects(direct.kv.put('late', '', { lease: id }), { code: 'LEASE_NOT_FOUND' });
  }
});

test('a lease whose grant was given up, and applied after that, is revoked by the client', async () => {
  const member = await follower();
  await using proxy = await startProxy(member.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint });
  await client.kv.get('late');
  const [other] = cluster.members.filter((one) => one !== member) as [EtcdMember];
  const before = await applied(other);
  await member.freeze();
  try {
    const signal = AbortSignal.timeout(1_000);
    const grant = (_: unknown, i: number): Promise<unknown> =>
      i % 2 === 0
        ? rejects(client.lease.grant(600, { timeoutMs: 1_000 }), { code: 'DEADLINE_EXCEEDED', outcome: 'unknown' })
        : rejects(client.lease.grant(600, { signal }), { name: 'TimeoutError' });
    await Promise.all([stopCancels(proxy, GRANTS, 30), ...Array.from({ length: GRANTS }, grant)]);
    assert.equal((await direct.lease.leases({ endpoint: other.endpoint })).leases, []);
  } finally {
    await member.thaw();
  }
  await eventually(async () => (await applied(other)) > before, { describe: 'a grant is applied late' });
  await proxy.heal();
  await eventually(async () => (await leases()).length === 0, {
    timeoutMs: 30_000,
    describe: 'leases that nobody uses are revoked',
  });
});

test.run();
