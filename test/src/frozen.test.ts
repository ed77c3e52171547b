// on both transports
// runs alone
// limit: 180 s
import { createClient, type EtcdError } from '@etcdts/core';
import { assert, eventually, rejects, startCluster, startEtcd, startProxy, suite } from '@etcdts/testing';
import type { EtcdCluster, EtcdMember, EtcdServer } from '@etcdts/testing';

const test = suite('frozen members and black holes', { timeoutMs: 60_000 });

const since = (started: number): number => performance.now() - started;

let etcd: EtcdServer;

test.before(async () => {
  etcd = await startEtcd();
});
test.after(() => etcd?.close());

async function follower(cluster: EtcdCluster): Promise<EtcdMember> {
  const leader = await cluster.leader();
  return cluster.members[(leader + 1) % cluster.members.length] as EtcdMember;
}

test('H4 H10 a call to a member that stopped ends at its deadline', async () => {
  await using client = createClient({ endpoints: etcd.endpoint });
  await client.kv.get('frozen');
  await etcd.member.freeze();
  try {
    for (const timeoutMs of [100, 500]) {
      const started = performance.now();
      await rejects(client.kv.get('frozen', { timeoutMs }), { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
      assert.ok(since(started) >= timeoutMs && since(started) < timeoutMs + 1_000, `${since(started)} ms`);
    }
    await rejects(client.kv.put('frozen/put', 'x', { timeoutMs: 100 }), {
      code: 'DEADLINE_EXCEEDED',
      outcome: 'unknown',
    });
  } finally {
    await etcd.member.thaw();
  }
  await client.kv.get('frozen');
});

test('H12 a stopped member costs the calls on other members nothing, and is left alone after a call was lost on it', async () => {
  await using cluster = await startCluster();
  await using client = createClient({ endpoints: cluster.endpoints });
  await eventually(async () => {
    await client.kv.get('frozen');
    return client.describe().endpoints.every(({ state }) => state === 'ready');
  });
  const stopped = await follower(cluster);
  await stopped.freeze();
  let lost = 0;
  for (let i = 0; i < 30; i++) {
    const started = performance.now();
    await client.kv.get('frozen', { timeoutMs: 1_200 }).then(
      () => assert.ok(since(started) < 2_000, `a call on a healthy member took ${since(started)} ms`),
      (error: EtcdError) => {
        lost++;
        assert.is(error.code, 'DEADLINE_EXCEEDED');
        assert.is(error.endpoint, stopped.clientUrl);
      },
    );
  }
  assert.is(lost, 1);
  await stopped.thaw();
});

test('H9 a peer that accepts and never answers does not hold calls up, and is used again once it is healed', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  proxy.blackhole();
  await using client = createClient({ endpoints: [proxy.endpoint, etcd.endpoint], connectTimeoutMs: 300 });
  for (let i = 0; i < 50; i++) {
    const started = performance.now();
    await client.kv.get('frozen', { timeoutMs: 1_000 });
    assert.ok(since(started) < 2_000, `a call took ${since(started)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.is.not(client.describe().endpoints[0]?.state, 'ready');
  await proxy.heal();
  const healed = performance.now();
  await eventually(
    async () => {
      await client.kv.get('frozen');
      return client.describe().endpoints[0]?.state === 'ready';
    },
    { timeoutMs: 6_000 },
  );
  assert.ok(since(healed) < 3_000, `it took ${since(healed)} ms`);
});

test('H9 connecting to a peer that never answers fails at the connect deadline, and gives the reason', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  proxy.blackhole();
  await using client = createClient({ endpoints: proxy.endpoint, connectTimeoutMs: 200 });
  const started = performance.now();
  const error = await rejects<EtcdError>(client.kv.put('frozen/put', 'x'), {
    code: 'UNAVAILABLE',
    outcome: 'not-applied',
  });
  assert.ok(since(started) >= 190 && since(started) < 2_000, `${since(started)} ms`);
  assert.match(error.message, /no connection within 200 ms/);
  await proxy.heal();
  await eventually(() => client.kv.put('frozen/put', 'x'));
});

test('H10 keepalive finds a black hole, and the call on it fails before its deadline', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint, keepalive: { timeMs: 5_000, timeoutMs: 500 } });
  await client.kv.get('frozen');
  proxy.blackhole();
  const started = performance.now();
  await rejects(client.kv.put('frozen/put', 'x', { timeoutMs: 30_000 }), { code: 'UNAVAILABLE', outcome: 'unknown' });
  assert.ok(since(started) < 8_000, `${since(started)} ms`);
  await proxy.heal();
  await client.kv.get('frozen');
});

test('H9 two clients of the same options do not share a stuck connection', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  proxy.onChunk = (_, __, { id }) => (id === 1 ? 'drop' : 'pass');
  await using stuck = createClient({ endpoints: proxy.endpoint });
  const waiting = rejects(stuck.kv.get('frozen', { timeoutMs: 1_500 }), { code: 'DEADLINE_EXCEEDED' });
  await eventually(() => proxy.accepted === 1);
  await using client = createClient({ endpoints: proxy.endpoint });
  const started = performance.now();
  await client.kv.get('frozen');
  assert.ok(since(started) < 1_000, `${since(started)} ms`);
  await waiting;
});

test.run();
