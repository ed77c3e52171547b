// limit: 240 s
import { createClient, isEtcdError, type EtcdClient } from '@etcdts/core';
import { transact } from '@etcdts/concurrency';
import type { Interceptor } from '@etcdts/core/plugin';
import { retry } from '@etcdts/retry';
import {
  assert,
  deferred,
  eventually,
  startCluster,
  startEtcd,
  startProxy,
  suite,
  type EtcdMember,
} from '@etcdts/testing';
import { KINDS, numberAt } from './transact-cases.ts';

const test = suite('transact under faults', { timeoutMs: 120_000 });
const LOST = 200;
const TOGETHER = 25;

/** Runs transactions whose commits are applied and whose replies are lost, and returns how they ended. */
async function loseCommits(
  client: EtcdClient,
  fault: (run: () => Promise<void>) => Promise<void>,
  from: number,
  isolation: (typeof KINDS)[number],
): Promise<readonly PromiseSettledResult<unknown>[]> {
  const read = deferred();
  const go = deferred();
  let readers = 0;
  const add = (i: number): Promise<unknown> =>
    transact(
      client,
      async (tx) => {
        const count = await numberAt(tx, `lost/${i}`);
        if (tx.attempt === 1 && ++readers === TOGETHER) read.resolve();
        await go.promise;
        tx.put(`lost/${i}`, String(count + 1));
        tx.put(`applied/${i}/${count}/${tx.attempt}`, '');
      },
      { isolation },
    );
  const all = Promise.allSettled(Array.from({ length: TOGETHER }, (_, i) => add(from + i)));
  await read.promise;
  await fault(async () => go.resolve());
  return await all;
}

test('TX-10 H1 of 200 commits whose replies are lost each is applied once, and rejects as unknown', async () => {
  await using etcd = await startEtcd();
  await using direct = createClient({ endpoints: etcd.endpoint });
  await using proxy = await startProxy(etcd.endpoint);
  await using plain = createClient({ endpoints: proxy.endpoint });
  const retrying = plain.intercept(retry());
  const handled = (): Promise<number> => etcd.member.metric('grpc_server_handled_total', { grpc_method: 'Txn' });
  let rejected = 0;
  for (let from = 0; from < LOST; from += TOGETHER) {
    const batch = from / TOGETHER;
    const before = await handled();
    const ends = await loseCommits(
      batch % 2 === 0 ? plain : retrying,
      async (run) => {
        proxy.swallowReplies();
        await run();
        await eventually(async () => (await handled()) >= before + TOGETHER);
        proxy.cut();
        await proxy.heal();
      },
      from,
      KINDS[batch % KINDS.length] as (typeof KINDS)[number],
    );
    for (const end of ends) {
      const reason: unknown = end.status === 'rejected' ? end.reason : undefined;
      assert.ok(isEtcdError(reason, 'UNAVAILABLE') && reason.outcome === 'unknown', String(reason));
      rejected++;
    }
    assert.is(await handled(), before + TOGETHER, 'no commit is sent twice');
  }
  assert.is(rejected, LOST);
  const { kvs } = await direct.kv.get('lost/', { prefix: true });
  assert.equal([kvs.length, new Set(kvs.map((kv) => `${kv.text()} ${kv.version}`))], [LOST, new Set(['1 1'])]);
  assert.is((await direct.kv.get('applied/', { prefix: true, countOnly: true })).count, LOST);
});

test('TX-03 later reads name the revision of the first one at a member that lags, and wait for it there', async () => {
  await using cluster = await startCluster();
  const leader = cluster.members[await cluster.leader()] as EtcdMember;
  const paused = cluster.members.find((member) => member !== leader) as EtcdMember;
  await using client = createClient({ endpoints: cluster.endpoints });
  const toward = (endpoint: () => string): Interceptor => ({
    name: 'toward',
    unary: (next) => (call) => next({ ...call, endpoint: endpoint() }),
  });
  let endpoint = leader.endpoint;
  await using aimed = createClient({ endpoints: cluster.endpoints, interceptors: [toward(() => endpoint)] });
  await Promise.all([
    client.kv.put('a', '0', { endpoint: leader.endpoint }),
    client.kv.get('a', { endpoint: paused.endpoint }),
  ]);
  for (let round = 1; round <= 8; round++) {
    // Its connection is open, so that the read meets its first moments after the pause.
    endpoint = paused.endpoint;
    await aimed.kv.get('a');
    endpoint = leader.endpoint;
    await paused.freeze();
    for (let i = 0; i < 50; i++) await client.kv.put('b', `${round} ${i}`, { endpoint: leader.endpoint });
    await client.kv.put('a', String(round), { endpoint: leader.endpoint });
    const { value, attempts } = await transact(
      aimed,
      async (tx) => {
        const a = await tx.get('a');
        endpoint = paused.endpoint;
        const b = tx.get('b');
        await new Promise((resolve) => setTimeout(resolve, 20));
        await paused.thaw();
        return [a?.text(), (await b)?.text()];
      },
      { timeoutMs: 20_000 },
    );
    assert.equal([value, attempts], [[String(round), `${round} 49`], 1]);
  }
});

test.run();
