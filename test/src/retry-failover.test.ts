// runs alone
// limit: 400 s
import { createClient, isEtcdError, type EtcdClient } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { retry } from '@etcdts/retry';
import { assert, eventually, rejects, startCluster, suite, type EtcdCluster, type EtcdMember } from '@etcdts/testing';

const test = suite('retry on a cluster', { timeoutMs: 300_000 });

/** The time between two calls of a load, whether or not earlier calls have ended. */
const EVERY_MS = 20;

interface Load {
  /** Stops, waits for the calls under way, and prints the results. */
  stop(): Promise<{ readonly failures: readonly unknown[]; readonly times: readonly number[] }>;
}

/** Makes a call every 20 ms, and measures each. */
function load(name: string, call: (index: number) => Promise<unknown>): Load {
  const times: number[] = [];
  const failures: unknown[] = [];
  const underWay = new Set<Promise<void>>();
  let index = 0;
  const timer = setInterval(() => {
    const started = performance.now();
    const one = call(index++)
      .catch((error: unknown) => void failures.push(error))
      .then(() => {
        times.push(performance.now() - started);
        underWay.delete(one);
      });
    underWay.add(one);
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      times.sort((a, b) => a - b);
      const at = (share: number): string => (times[Math.ceil(times.length * share) - 1] ?? 0).toFixed(0);
      console.log(`\n  ${name}: ${times.length} calls, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
      return { failures, times };
    },
  };
}

async function connected(cluster: EtcdCluster): Promise<EtcdClient> {
  const client = createClient({ endpoints: cluster.endpoints, interceptors: [retry()] });
  await everywhere(client);
  return client;
}

/** Waits until the client has a connection to every member. */
async function everywhere(client: EtcdClient): Promise<void> {
  await eventually(
    async () => {
      await client.kv.get('retry');
      return client.describe().endpoints.every(({ state }) => state === 'ready');
    },
    { timeoutMs: 20_000 },
  );
}

test('no read fails while the leader is killed 20 times', async () => {
  await using cluster = await startCluster({ timing: 'default' });
  await using client = await connected(cluster);
  const reads = load('reads, leader killed', () => client.kv.get('retry/failover'));
  for (let kill = 0; kill < 20; kill++) {
    const leader = cluster.members[await cluster.leader()] as EtcdMember;
    await leader.kill();
    await cluster.leader();
    await leader.start();
    await everywhere(client);
  }
  const { failures, times } = await reads.stop();
  assert.equal(failures, []);
  // An election takes 1 to 2.5 s, and longer if votes are split. One call in a hundred may fall into such an election.
  const slow = times.filter((ms) => ms > 3_500);
  assert.ok(slow.length <= times.length / 100, `${slow.length} of ${times.length} took longer than 3.5 s`);
});

test('no read and no unsent write fails while a follower is killed', async () => {
  await using cluster = await startCluster({ timing: 'default' });
  await using client = await connected(cluster);
  const reads = load('reads, follower killed', () => client.kv.get('retry/failover', { timeoutMs: 2_000 }));
  const writes = load('writes, follower killed', (i) =>
    client.kv.put(`retry/follower/${i}`, 'x', { timeoutMs: 2_000 }),
  );
  for (let kill = 0; kill < 5; kill++) {
    const follower = cluster.members[((await cluster.leader()) + 1) % 3] as EtcdMember;
    await follower.kill();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await follower.start();
    await everywhere(client);
  }
  assert.equal((await reads.stop()).failures, []);
  assertInFlight((await writes.stop()).failures);
});

test('no read and no unsent write fails while the members are restarted one after the other', async () => {
  await using cluster = await startCluster({ timing: 'default' });
  await using client = await connected(cluster);
  const reads = load('reads, rolling restart', () => client.kv.get('retry/failover'));
  const writes = load('writes, rolling restart', (i) => client.kv.put(`retry/rolling/${i}`, 'x'));
  for (const member of cluster.members) {
    await member.stop();
    await member.start();
    await everywhere(client);
  }
  assert.equal((await reads.stop()).failures, []);
  assertInFlight((await writes.stop()).failures);
  const { kvs } = await client.kv.get('retry/rolling/', { prefix: true });
  assert.equal([...new Set(kvs.map(({ version }) => version))], [1]);
});

test('H10 a frozen member costs a read one slice of its deadline', async () => {
  await using cluster = await startCluster();
  await using client = await connected(cluster);
  const follower = cluster.members[((await cluster.leader()) + 1) % 3] as EtcdMember;
  await follower.freeze();
  const reads = load('reads, follower frozen', () =>
    client.kv.get('retry/failover', { signal: AbortSignal.timeout(2_500) }),
  );
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  assert.equal((await reads.stop()).failures, []);
  await follower.thaw();
});

test('H8 R-06 no read fails where one of the endpoints is a learner', async () => {
  await using cluster = await startCluster();
  const learner = await cluster.addMember();
  // A young cluster refuses members as UNHEALTHY; that passes.
  await using direct = createClient({ endpoints: cluster.endpoints.slice(0, 3), interceptors: [retry()] });
  await direct.cluster.memberAddAsLearner([learner.peerUrl]);
  await learner.start();
  const attempts = new Set<number>();
  const inner: Interceptor = {
    name: 'inner',
    unary: (next) => (call) => (attempts.add(call.attempt), next(call)),
    stream: (next) => (call) => (attempts.add(call.attempt), next(call)),
  };
  await using client = createClient({ endpoints: cluster.endpoints, interceptors: [retry(), inner] });
  await everywhere(client);
  await using plain = createClient({ endpoints: learner.clientUrl });
  await rejects(plain.kv.get('retry/learner'), { code: 'NOT_SUPPORTED_FOR_LEARNER' });
  await Promise.all(Array.from({ length: 100 }, () => client.kv.get('retry/learner')));
  await Promise.all(Array.from({ length: 100 }, (_, i) => client.kv.put(`retry/learner/${i}`, 'x')));
  const { kvs } = await direct.kv.get('retry/learner/', { prefix: true });
  assert.equal([...new Set(kvs.map(({ version }) => version))], [1]);
  // From etcd 3.7 on over a stream.
  for (let round = 0; round < 8; round++) {
    for await (const page of client.kv.pages('retry/learner/', { prefix: true })) assert.is(page.kvs.length, 100);
  }
  assert.equal([...attempts].toSorted(), [1, 2], 'nobody asks the learner twice');
});

/** A call that was under way when its member stopped may have been applied, which is no failure of the client. All others are. */
function assertInFlight(failures: readonly unknown[]): void {
  assert.equal(
    failures.filter((error) => !isEtcdError(error) || error.outcome !== 'unknown'),
    [],
  );
}

test.run();
