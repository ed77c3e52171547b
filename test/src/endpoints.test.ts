// limit: 120 s
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type EtcdClient, type EtcdError } from '@etcdts/core';
import { assert, eventually, rejects, startCluster, startProxy, suite } from '@etcdts/testing';
import type { EtcdCluster } from '@etcdts/testing';

const test = suite('endpoints', { timeoutMs: 60_000 });

let cluster: EtcdCluster;
test.before(async () => {
  cluster = await startCluster();
});
test.after(() => cluster?.close());

/** A client that is connected to all its endpoints. */
async function connected(endpoints: readonly string[]): Promise<EtcdClient> {
  const client = createClient({ endpoints });
  await eventually(async () => {
    await client.kv.get('test-endpoints');
    return client.describe().endpoints.every(({ state }) => state === 'ready');
  });
  return client;
}

/** The members that answered a number of reads. */
async function answerers(client: EtcdClient, count: number): Promise<readonly bigint[]> {
  const answers: bigint[] = [];
  for (let i = 0; i < count; i++) answers.push((await client.kv.get('test-endpoints')).header.memberId);
  return answers;
}

test('CL-10 calls go round the members', async () => {
  await using client = await connected(cluster.endpoints);
  const answers = await answerers(client, 30);
  for (const member of new Set(answers)) assert.is(answers.filter((one) => one === member).length, 10);
  assert.is(new Set(answers).size, 3);
});

test('an endpoint that comes back has one connection, and none that earlier attempts have left behind', async () => {
  await using proxy = await startProxy(cluster.endpoints[0] as string);
  await using client = await connected([cluster.endpoints[1] as string, proxy.endpoint]);
  proxy.refuse();
  proxy.cut();
  const stateIs = (state: string) => async (): Promise<boolean> => {
    await client.kv.get('test-endpoints');
    return client.describe().endpoints[1]?.state === state;
  };
  await eventually(stateIs('failed'));
  await proxy.heal();
  await eventually(stateIs('ready'));
  // A channel that was closed after a failure would connect again about a second later.
  await pause(1_500);
  assert.is(proxy.connections, 1);
  await client.close();
  await eventually(() => proxy.connections === 0);
});

test('CL-08 a call goes to the endpoint that it names, and to no other', async () => {
  await using client = createClient({ endpoints: cluster.endpoints });
  const [first, second] = cluster.endpoints as [string, string];
  const ids = await Promise.all(
    [first, second].map(async (endpoint) => {
      const answers = new Set<bigint>();
      for (let i = 0; i < 5; i++) answers.add((await client.kv.get('test-endpoints', { endpoint })).header.memberId);
      assert.is(answers.size, 1);
      return [...answers][0];
    }),
  );
  assert.is.not(ids[0], ids[1]);
  const error = await rejects<EtcdError>(client.kv.put('test-endpoints', 'x', { endpoint: 'http://127.0.0.1:1' }), {
    code: 'UNAVAILABLE',
    outcome: 'not-applied',
    endpoint: 'http://127.0.0.1:1',
  });
  assert.match(error.message, /ECONNREFUSED/);
  await rejects(client.kv.get('test-endpoints', { endpoint: 'ftp://x' }), {
    code: 'INVALID_ARGUMENT',
    argument: 'endpoint',
  });
});

test('setEndpoints moves calls at once, and keeps the connections of those that stay', async () => {
  const [first, second, third] = cluster.endpoints as [string, string, string];
  await using client = await connected([first, second]);
  const held = client.watch('endpoints/moved');
  await held.created;
  client.setEndpoints([second, third]);
  assert.equal(client.endpoints, [second, third]);
  assert.equal(client.describe().endpoints.map(({ state }) => state)[0], 'ready');
  await eventually(async () => new Set(await answerers(client, 4)).size === 2);
  client.setEndpoints([third]);
  assert.is(new Set(await answerers(client, 6)).size, 1);
  const next = held[Symbol.asyncIterator]().next();
  await client.kv.put('endpoints/moved', 'x');
  assert.is((await next).value?.events[0]?.kv.text(), 'x');
  assert.throws(() => client.setEndpoints([]), /NO_AVAILABLE_ENDPOINTS/);
  assert.equal(client.endpoints, [third]);
});

test('CF-12 rejectOldCluster lets a current etcd pass, once for all calls, and streams too', async () => {
  await using client = createClient({ endpoints: cluster.endpoints, rejectOldCluster: true });
  await Promise.all(Array.from({ length: 10 }, (_, i) => client.kv.put('endpoints/gate', String(i))));
  const watch = client.watch('endpoints/gate');
  await watch.created;
  await watch.cancel();
  assert.equal(client.describe().interceptors, ['reject-old-cluster']);
});

test('rejectOldCluster keeps a call no longer than its deadline or its signal', async () => {
  await using client = createClient({ endpoints: cluster.endpoints, rejectOldCluster: true });
  await Promise.all(cluster.members.map((member) => member.freeze()));
  try {
    const started = performance.now();
    await rejects(client.kv.put('endpoints/gate', 'x', { timeoutMs: 200 }), {
      code: 'DEADLINE_EXCEEDED',
      outcome: 'not-applied',
    });
    const signal = AbortSignal.timeout(200);
    const reason = await rejects(client.kv.put('endpoints/gate', 'x', { signal }));
    assert.is(reason, signal.reason);
    const aborted = AbortSignal.abort(new Error('at once'));
    await rejects(client.kv.put('endpoints/gate', 'x', { signal: aborted }), /at once/);
    assert.ok(performance.now() - started < 3_000, `${performance.now() - started} ms`);
  } finally {
    await Promise.all(cluster.members.map((member) => member.thaw()));
  }
});

test('one member that is killed fails no call that is made later', async () => {
  await using client = await connected(cluster.endpoints);
  const leader = await cluster.leader();
  const gone = cluster.members[(leader + 1) % 3];
  await gone?.kill();
  // A put that is sent before the loss is seen may have been applied: it is not sent again.
  await eventually(() => client.describe().endpoints.some(({ state }) => state !== 'ready'));
  for (let i = 0; i < 60; i++) await client.kv.put(`endpoints/killed/${i}`, 'x');
  await gone?.restart();
  await eventually(async () => new Set(await answerers(client, 6)).size === 3);
});

test('CL-15 a member that lost its leader fails calls that require one, and answers the others', async () => {
  const leader = await cluster.leader();
  const alone = cluster.members[leader];
  await using client = createClient({ endpoints: [alone?.clientUrl as string] });
  await client.kv.get('test-endpoints');
  await Promise.all(cluster.members.filter((member) => member !== alone).map((member) => member.kill()));
  await eventually(
    () =>
      client.kv.get('test-endpoints', { requireLeader: true, serializable: true, timeoutMs: 500 }).then(
        () => false,
        (error: EtcdError) => error.code === 'NO_LEADER',
      ),
    { timeoutMs: 10_000 },
  );
  await client.kv.get('test-endpoints', { serializable: true });
  await rejects(client.kv.put('test-endpoints', 'x', { requireLeader: true }), {
    code: 'NO_LEADER',
    outcome: 'not-applied',
  });
});

test.run();
