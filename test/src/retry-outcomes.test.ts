// runs alone
// limit: 240 s
// LOST_REPLIES=10000 node test/dist/retry-outcomes.test.js loses ten times as many.
import { createClient, isEtcdError, keyMissing, op } from '@etcdts/core';
import { invoke, methods } from '@etcdts/core/plugin';
import type { CallOptions, EtcdClient, EtcdError, EtcdErrorCode } from '@etcdts/core';
import type { Method } from '@etcdts/core/plugin';
import { retry } from '@etcdts/retry';
import {
  assert,
  eventually,
  isAtLeast,
  rejects,
  startEtcd,
  startProxy,
  suite,
  type EtcdServer,
  type FaultProxy,
} from '@etcdts/testing';

/** Thousands of lost replies. */
const THOUSANDS = Math.max(1, Math.round(Number(process.env['LOST_REPLIES'] ?? 1_000) / 1_000));

const test = suite('retry where replies are lost', { timeoutMs: 120_000 * THOUSANDS });

let etcd: EtcdServer;
let direct: EtcdClient;
let proxy: FaultProxy;
let client: EtcdClient;

test.before(async () => {
  etcd = await startEtcd();
  direct = createClient({ endpoints: etcd.endpoint, interceptors: [retry()] });
  proxy = await startProxy(etcd.endpoint);
  // A budget ends the repeats of a client that loses thousands of replies.
  client = createClient({ endpoints: proxy.endpoint, interceptors: [retry({ budget: false })] });
});
test.after(async () => {
  await client.close();
  await proxy.close();
  await direct.close();
  await etcd.close();
});

/** The calls of one method, and their preparation. */
interface Plan {
  /** How many of a thousand. */
  readonly count: number;
  /** The number of concurrent calls. Defaults to 1. */
  readonly together?: number;
  /** Makes the object that the next call changes. */
  prepare?(index: number): Promise<unknown>;
  call(index: number, options: CallOptions): Promise<unknown>;
}

const raw = (method: Method, request: (index: number) => unknown, prepare?: Plan['prepare']): Plan => ({
  count: 8,
  call: (index, options) => invoke(client, method, request(index), options),
  ...(prepare && { prepare }),
});

let learner = 0n;
let voter = 0n;
let urls = 0;
const nextUrl = (): string => `http://127.0.0.1:${++urls}`;
const removeLearner = async (): Promise<void> => {
  const { members } = await direct.cluster.memberList();
  for (const { id, isLearner } of members) if (isLearner) await direct.cluster.memberRemove(id);
};
const addLearner = async (): Promise<void> => {
  await removeLearner();
  learner = (await direct.cluster.memberAddAsLearner([nextUrl()])).member.id;
};
const leases: bigint[] = [];
const user = (index: number): { name: string; password: string } => ({
  name: `user-${index}`,
  password: 'sentinel-password',
});
const permission = { type: 'read', key: Buffer.from('a'), rangeEnd: Buffer.alloc(0) } as const;

const plans: Record<string, Plan> = {
  put: {
    count: 350,
    together: 50,
    call: (i, options) => client.kv.put(`lost/put/${i}`, 'x', options),
  },
  deleteRange: {
    count: 150,
    together: 50,
    prepare: (i) => direct.kv.put(`lost/delete/${i}`, 'x'),
    call: (i, options) => client.kv.delete(`lost/delete/${i}`, options),
  },
  txn: {
    count: 150,
    together: 50,
    call: (i, options) => {
      const key = `lost/txn/${i}`;
      return client.kv.txn({ if: [keyMissing(key)], then: [op.put(key, 'won')], else: [op.put(key, 'lost')] }, options);
    },
  },
  compact: {
    count: 50,
    together: 10,
    prepare: (i) => direct.kv.put(`lost/compact/${i}`, 'x'),
    call: (i, options) => client.kv.compact(i + 2, options),
  },
  leaseGrant: { count: 100, together: 25, call: (_, options) => client.lease.grant(60, options) },
  leaseRevoke: {
    count: 100,
    together: 25,
    prepare: async () => leases.push((await direct.lease.grant(60)).id),
    call: (i, options) => client.lease.revoke(leases[i] as bigint, options),
  },
  memberAdd: raw(methods.memberAdd as Method, () => ({ peerUrls: [nextUrl()], isLearner: true }), removeLearner),
  memberRemove: raw(methods.memberRemove as Method, () => ({ id: learner }), addLearner),
  // The learner is left out, because until 3.6 a change of its URLs makes it a voting member.
  memberUpdate: raw(methods.memberUpdate as Method, () => ({ id: voter, peerUrls: [etcd.member.peerUrl] })),
  memberPromote: raw(methods.memberPromote as Method, () => ({ id: learner })),
  alarm: raw(methods.alarm as Method, () => ({ action: 'deactivate', memberId: 0n, alarm: 'nospace' })),
  defragment: raw(methods.defragment as Method, () => ({})),
  moveLeader: raw(methods.moveLeader as Method, () => ({ targetId: 1n })),
  downgrade: raw(methods.downgrade as Method, () => ({ action: 'validate', version: etcd.version })),
  authEnable: raw(methods.authEnable as Method, () => ({})),
  authDisable: raw(methods.authDisable as Method, () => ({})),
  userAdd: raw(methods.userAdd as Method, user),
  userChangePassword: raw(methods.userChangePassword as Method, user),
  roleAdd: raw(methods.roleAdd as Method, (i) => ({ name: `role-${i}` })),
  userGrantRole: raw(methods.userGrantRole as Method, (i) => ({ user: `user-${i}`, role: `role-${i}` })),
  userRevokeRole: raw(methods.userRevokeRole as Method, (i) => ({ name: `user-${i}`, role: `role-${i}` })),
  roleGrantPermission: raw(methods.roleGrantPermission as Method, (i) => ({ name: `role-${i}`, permission })),
  roleRevokePermission: raw(methods.roleRevokePermission as Method, (i) => ({ role: `role-${i}`, ...permission })),
  userDelete: raw(methods.userDelete as Method, (i) => ({ name: `user-${i}` })),
  roleDelete: raw(methods.roleDelete as Method, (i) => ({ role: `role-${i}` })),
};

interface Lost {
  readonly results: readonly PromiseSettledResult<unknown>[];
  /** How many requests have reached etcd for them. */
  readonly sent: number;
}

/** Whether a lost reply leaves nothing unknown: the call is repeated, or settled by a read, as grants are. */
function endsWell({ name, repeat }: Method): boolean {
  return repeat === 'always' || name === methods.leaseGrant.name;
}

/** Makes the calls of a plan, whose replies are all lost: by a cut, and in every fourth batch by a deadline. */
async function loseReplies(method: Method, plan: Plan, thousands = 1): Promise<Lost> {
  const { name } = method;
  const { together = 1, prepare } = plan;
  const count = plan.count * thousands;
  const results: PromiseSettledResult<unknown>[] = [];
  let sent = 0;
  const metric = (kind: string): Promise<number> =>
    etcd.member.metric(`grpc_server_${kind}_total`, { grpc_method: name });
  for (let from = 0; from < count; from += together) {
    const indices = Array.from({ length: together }, (_, i) => from + i);
    for (const i of indices) await prepare?.(i);
    await client.kv.get('lost');
    const [handled, started] = [await metric('handled'), await metric('started')];
    const patient = (from / together) % 4 === 3 && !endsWell(method);
    proxy.swallowReplies();
    const calls = Promise.allSettled(indices.map((i) => plan.call(i, patient ? { timeoutMs: 500 } : {})));
    const done = async (): Promise<boolean> => (await metric('handled')) >= handled + together;
    await eventually(done, { timeoutMs: 10_000, describe: `etcd has handled each ${name}` });
    if (patient) await calls;
    else proxy.cut();
    await proxy.heal();
    results.push(...(await calls));
    sent += (await metric('started')) - started;
  }
  return { results, sent };
}

test(`H1 H2 H5 of ${THOUSANDS},000 calls of all mutating RPCs none is made twice, and none is said not to be applied`, async () => {
  const table = methods as unknown as Record<string, Method>;
  const writes = Object.keys(table).filter((name) => table[name]?.safety === 'write');
  assert.equal(Object.keys(plans).toSorted(), writes.toSorted());
  voter = (await direct.cluster.memberList()).members[0]?.id ?? 0n;
  let calls = 0;
  for (const [name, plan] of Object.entries(plans)) {
    const method = table[name] as Method;
    if (name === 'downgrade' && !isAtLeast(etcd.version, '3.5')) continue;
    const { results, sent } = await loseReplies(method, plan, THOUSANDS);
    calls += results.length;
    for (const result of results) {
      if (endsWell(method)) {
        assert.is(result.status, 'fulfilled', String((result as PromiseRejectedResult).reason));
        continue;
      }
      assert.is(result.status, 'rejected', name);
      const { reason } = result as PromiseRejectedResult;
      assert.ok(isEtcdError(reason), String(reason));
      assert.is(`${name} ${reason.outcome} ${reason.attempts}`, `${name} unknown 1`, String(reason));
    }
    if (method.repeat === 'unsent') assert.is(sent, results.length, `${name} reached etcd so often`);
    else assert.ok(sent > results.length, `${name} was not repeated`);
  }
  assert.ok(calls >= THOUSANDS * 1_000, `${calls} calls`);
  if (THOUSANDS > 1) console.log(`${calls} lost replies`);
});

test('H1 what they were to do was done once', async () => {
  const once = async (prefix: string, count: number, value: string): Promise<void> => {
    const { kvs } = await direct.kv.get(prefix, { prefix: true });
    assert.is(kvs.length, count);
    assert.equal([...new Set(kvs.map((kv) => `${kv.text()} ${kv.version}`))], [`${value} 1`]);
  };
  await once('lost/put/', 350 * THOUSANDS, 'x');
  await once('lost/txn/', 150 * THOUSANDS, 'won');
  assert.is((await direct.kv.get('lost/delete/', { prefix: true })).count, 0);
});

test('H5 a grant whose reply is lost is settled: one lease, and its time to live is reported', async () => {
  const alive = async (): Promise<readonly bigint[]> => (await direct.lease.leases()).leases;
  const before = await alive();
  const granted: { readonly id: bigint; readonly ttl: number; readonly revision: bigint }[] = [];
  const grant = async (_: number, options: CallOptions): Promise<void> => {
    const { id, ttl, header } = await client.lease.grant(1, options);
    granted.push({ id, ttl, revision: header.revision });
  };
  await loseReplies(methods.leaseGrant as Method, { count: 20, together: 20, call: grant });
  const after = new Set(await alive());
  for (const { id, ttl, revision } of granted) {
    assert.ok(after.delete(id));
    assert.is(ttl, (await direct.lease.timeToLive(id)).grantedTtl);
    assert.ok(revision > 0n);
  }
  assert.is(granted.length, 20);
  assert.equal(
    [...after].filter((id) => !before.includes(id)),
    [],
  );
});

test('H2 under a storm of resets writes are applied at most once, and a compare-and-set that was won is never lost', async () => {
  // A client of its own: this storm is more than the budget would pay for.
  await using stormy = createClient({ endpoints: proxy.endpoint, interceptors: [retry({ budget: false })] });
  let storming = true;
  const storm = (async () => {
    while (storming) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      proxy.cut();
    }
  })();
  const outcomes = new Map<string, string>();
  let reads = 0;
  for (let round = 0; round < 40; round++) {
    const each = async (i: number): Promise<void> => {
      const key = `lost/storm/${round}/${i}`;
      const swap = { if: [keyMissing(key)], then: [op.put(key, 'x')], else: [op.get(key)] };
      const write =
        i % 2 === 0 ? stormy.kv.put(key, 'x').then(() => true) : stormy.kv.txn(swap).then((r) => r.succeeded);
      const outcome = await write.then(
        (won) => (won ? 'done' : 'lost'),
        (error: unknown) => (isEtcdError(error) ? error.outcome : String(error)),
      );
      outcomes.set(key, outcome);
      await stormy.kv.get(key);
      reads++;
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => each(i)));
  }
  storming = false;
  await storm;
  const { kvs } = await direct.kv.get('lost/storm/', { prefix: true });
  const versions = new Map(kvs.map((kv) => [kv.key.toString(), kv.version]));
  for (const [key, outcome] of outcomes) {
    const version = versions.get(key) ?? 0;
    const allowed = { done: [1], unknown: [0, 1], 'not-applied': [0] }[outcome];
    assert.ok(allowed?.includes(version), `${key}: ${outcome}, and applied ${version} times`);
  }
  assert.is(reads, 800);
  assert.ok([...outcomes.values()].includes('unknown'), 'the storm met no call');
});

test('H13 certificates that do not fit are no reason to try again, and a member that is down is', async () => {
  const failed = async (endpoint: string, code: EtcdErrorCode): Promise<number> => {
    await using lost = createClient({ endpoints: endpoint, interceptors: [retry({ maxAttempts: 3 })] });
    const error = await rejects<EtcdError>(lost.kv.put('lost', 'x'), { code, outcome: 'not-applied' });
    return error.attempts;
  };
  assert.is(await failed(`https://${etcd.endpoint}`, 'TLS_FAILED'), 1);
  assert.is(await failed('127.0.0.1:1', 'UNAVAILABLE'), 3);
});

test('at-least-once repeats a write of which the reply is lost', async () => {
  const call = (i: number, options: CallOptions): Promise<unknown> =>
    client.kv.put(`lost/twice/${i}`, 'x', { ...options, retry: { writes: 'at-least-once' } });
  const method = { ...methods.put, repeat: 'always' } as Method;
  const { results } = await loseReplies(method, { count: 10, together: 10, call });
  assert.equal(
    results.filter(({ status }) => status === 'rejected'),
    [],
  );
  const { kvs } = await direct.kv.get('lost/twice/', { prefix: true });
  assert.equal([...new Set(kvs.map(({ version }) => version))], [2]);
});

test.run();
