// limit: 240 s
import { createClient } from '@etcdts/core';
import { barrier, openSession } from '@etcdts/concurrency';
import { startEmbedded } from '@etcdts/embedded';
import { assert, rejects, startCluster, startEtcd, startProxy, suite } from '@etcdts/testing';
import { contractSuites } from '../contract-clients.ts';
import { barrierCases, keysBelow, participants, testBarrier, testDoubleBarrier, watched } from './barrier-cases.ts';

for (const test of contractSuites('barriers', barrierCases, startEtcd, ['plain core', 'retry()', 'a namespace'])) {
  test.run();
}

for (const test of contractSuites('embedded: barriers', barrierCases, startEmbedded, ['plain core', 'a namespace'])) {
  test.run();
}

const test = suite('barriers on several members and under faults', { timeoutMs: 60_000 });

test('BA-01 BA-02 TestBarrierMultiNode, TestDoubleBarrier over three members', async () => {
  await using cluster = await startCluster();
  const clients = cluster.endpoints.map((endpoint) => createClient({ endpoints: endpoint }));
  await testBarrier(clients, 'test-barrier');
  await testDoubleBarrier(clients, 'double-barrier', 10);
  await Promise.all(clients.map((client) => client.close()));
});

test('BA-01 a session of another client is refused', async () => {
  await using etcd = await startEtcd();
  await using client = createClient({ endpoints: etcd.endpoint });
  await using other = createClient({ endpoints: etcd.endpoint });
  await using session = await openSession(other);
  await rejects(barrier(client, 'b').hold({ session }), {
    code: 'INVALID_ARGUMENT',
    argument: 'session',
    message: /session is of another client: open it with the client/,
  });
  assert.is((await client.kv.get('b')).count, 0);
});

test('BA-06 waits go on after a compaction that they missed', async () => {
  await using etcd = await startEtcd();
  await using direct = createClient({ endpoints: etcd.endpoint });
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint });
  await barrier(direct, 'b').hold();
  const wait = barrier(client, 'b').wait();
  const state = watched(wait);
  await client.kv.get('b');
  for (let i = 0; i < 3; i++) {
    proxy.refuse();
    proxy.cut();
    await direct.kv.put('other', String(i));
    const { header } = await direct.kv.put('other', `${i} again`);
    await direct.kv.compact(header.revision);
    await proxy.heal();
    await client.kv.get('b');
  }
  assert.not(state.settled);
  proxy.refuse();
  proxy.cut();
  await barrier(direct, 'b').release();
  const { header } = await direct.kv.put('other', 'last');
  await direct.kv.compact(header.revision);
  await proxy.heal();
  await wait;
});

test('BA-02 BA-05 H1 rounds under cuts: all enter, all leave, and no key stays', async () => {
  await using etcd = await startEtcd();
  await using direct = createClient({ endpoints: etcd.endpoint });
  await using proxy = await startProxy(etcd.endpoint);
  const clients = Array.from({ length: 4 }, () => createClient({ endpoints: proxy.endpoint }));
  await using group = await participants(clients, 'round', 4);
  const done = new AbortController();
  const storm = (async () => {
    while (!done.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 250));
      proxy.cut();
    }
  })();
  try {
    for (let round = 0; round < 30; round++) {
      await Promise.all(group.all.map((one) => one.enter({ timeoutMs: 20_000 })));
      await Promise.all(group.all.map((one) => one.leave({ timeoutMs: 20_000 })));
    }
  } finally {
    done.abort();
    await storm;
  }
  assert.equal(await keysBelow(direct, 'round'), []);
  await group[Symbol.asyncDispose]();
  await Promise.all(clients.map((client) => client.close()));
});

test.run();
