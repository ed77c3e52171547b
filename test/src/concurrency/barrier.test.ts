// limit: 240 s
import { createClient, EtcdError } from '@etcdts/core';
import { isCall, methods, type Interceptor } from '@etcdts/core/plugin';
import { retry } from '@etcdts/retry';
import { barrier, doubleBarrier, openSession } from '@etcdts/concurrency';
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
  await using client = createClient({ endpoints: proxy.endpoint, interceptors: [retry()] });
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

test('BA-02 BA-04 BA-05 H1 of 200 writes of entering and leaving whose reply is lost each is applied once', async () => {
  await using etcd = await startEtcd();
  await using direct = createClient({ endpoints: etcd.endpoint });
  let lost = 0;
  const seen = new Set<string>();
  const losing: Interceptor = {
    name: 'losing',
    unary: (next) => async (call) => {
      const answer = await next(call);
      if (!isCall(call, methods.txn) || call.request.success.every(({ type }) => type === 'get')) return answer;
      // A further try of the same writes is answered.
      const writes = call.request.success.map(
        (one) => `${one.type} ${'key' in one.request ? String(one.request.key) : ''}`,
      );
      if (seen.has(writes.join())) return answer;
      seen.add(writes.join());
      lost++;
      throw new EtcdError({ code: 'UNAVAILABLE', message: 'a reply that a test loses', outcome: 'unknown' });
    },
  };
  await using client = createClient({ endpoints: etcd.endpoint, interceptors: [losing] });
  await using session = await openSession(client);
  const { header } = await direct.kv.get('lost');
  const rounds = Array.from({ length: 40 }, async (_, i) => {
    const pair = [doubleBarrier(session, `lost/${i}`, 2), doubleBarrier(session, `lost/${i}`, 2)];
    await Promise.all(pair.map((one) => one.enter()));
    await Promise.all(pair.map((one) => one.leave()));
  });
  await Promise.all(rounds);
  assert.ok(lost >= 40 * 5, `${lost} lost`);
  assert.is((await direct.kv.get('lost/', { prefix: true })).count, 0);
  const { revision: last } = (await direct.kv.put('lost/end', '')).header;
  const events: string[] = [];
  for await (const { type, kv } of direct
    .watch('lost/', { prefix: true, startRevision: header.revision + 1n })
    .events()) {
    if (kv.modRevision === last) break;
    events.push(type);
  }
  assert.is(events.filter((type) => type === 'put').length, 40 * 3, 'two keys and one opening for each barrier');
  assert.is(events.filter((type) => type === 'delete').length, 40 * 3);
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
