import { createClient, type Logger } from '@etcdts/core';
import type { Transport } from '@etcdts/core/plugin';
import { assert, eventually, startCluster, startEtcd, startProxy, suite } from '@etcdts/testing';
import { testTransport } from './transports.ts';

const test = suite('sync', { timeoutMs: 60_000 });

function warnings(): { readonly lines: string[]; readonly logger: Logger } {
  const lines: string[] = [];
  return { lines, logger: { debug() {}, info() {}, warn: (line) => void lines.push(line), error() {} } };
}

/** A transport that records the endpoints of its connections. */
function counted(): { readonly connected: string[]; readonly transport: Transport } {
  const inner = testTransport();
  const connected: string[] = [];
  const transport: Transport = {
    name: 'counted',
    connect(endpoint, options) {
      connected.push(endpoint.address);
      return inner.connect(endpoint, options);
    },
  };
  return { connected, transport };
}

test('CL-07 sync takes the URLs that the members advertise', async () => {
  await using etcd = await startCluster({ members: 3 });
  const proxy = await startProxy(etcd.members[0]?.endpoint as string);
  await using client = createClient({ endpoints: proxy.endpoint });
  await client.sync();
  assert.equal([...client.endpoints].sort(), [...etcd.endpoints].sort());
  await proxy.close();
  for (let i = 0; i < 6; i++) await client.kv.put(`sync/advertised/${i}`, 'x');
});

test('CL-07 calls go on over the connection by which sync has found that a URL answers', async () => {
  await using etcd = await startEtcd();
  const { connected, transport } = counted();
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint, transport });
  await client.sync();
  await client.kv.put('sync/one', 'x');
  assert.equal(connected, [proxy.endpoint, etcd.member.clientUrl]);
});

test('CL-07 an endpoint that is advertised in another spelling keeps its connection', async () => {
  await using etcd = await startEtcd();
  const { connected, transport } = counted();
  await using client = createClient({ endpoints: etcd.endpoint, transport });
  await client.sync();
  await client.kv.put('sync/two', 'x');
  assert.equal(connected, [etcd.endpoint]);
});

test('CL-07 sync leaves learners and members that have not started out', async () => {
  await using etcd = await startEtcd();
  await using client = createClient({ endpoints: etcd.endpoint });
  const learner = await etcd.addMember();
  await client.cluster.memberAddAsLearner([learner.peerUrl]);
  await client.sync();
  assert.equal(client.endpoints, [etcd.endpoint]);
  await learner.start({ waitHealthy: false });
  await eventually(async () => (await client.cluster.memberList()).members.every(({ name }) => name !== ''), {
    timeoutMs: 15_000,
  });
  await client.sync();
  assert.equal(client.endpoints, [etcd.endpoint]);
});

test('H15 URLs at which nothing answers do not replace an endpoint that works', async () => {
  await using etcd = await startEtcd({ extraArgs: ['--advertise-client-urls=http://127.0.0.1:1'] });
  const { lines, logger } = warnings();
  await using client = createClient({ endpoints: etcd.endpoint, logger });
  await client.sync();
  assert.equal(client.endpoints, [etcd.endpoint]);
  assert.match(lines.join('\n'), /nothing answers at http:\/\/127\.0\.0\.1:1/);
  await client.kv.put('sync/unreachable', 'x');
});

test('CF-02 autoSync finds a member that was added, goes on after failures, and ends with the client', async () => {
  await using etcd = await startEtcd();
  const { lines, logger } = warnings();
  const client = createClient({ endpoints: etcd.endpoint, autoSyncIntervalMs: 100, logger });
  const joining = await etcd.addMember();
  await client.cluster.memberAdd([joining.peerUrl]);
  await joining.start();
  await eventually(() => client.endpoints.length === 2, { describe: 'the added member is an endpoint' });
  assert.equal([...client.endpoints].sort(), [etcd.endpoint, joining.clientUrl].sort());

  await Promise.all(etcd.members.map((member) => member.kill()));
  await eventually(() => lines.some((line) => line.includes('tried again')));
  assert.is(client.endpoints.length, 2);
  await client.close();
  const said = lines.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.is(lines.length, said, 'nothing is tried after close');
});

test('CL-06 endpoints that change under load cost no call, and no write is applied twice', async () => {
  await using etcd = await startCluster({ members: 3 });
  const [a, b, c] = etcd.endpoints as [string, string, string];
  await using client = createClient({ endpoints: [a] });
  let stop = false;
  const writers = Array.from({ length: 8 }, async (_, index) => {
    let count = 0;
    for (; !stop; count++) await client.kv.put(`sync/load/${index}`, String(count));
    return count;
  });
  const lists = [[b], [a, b, c], [c], [b, c], [a]];
  for (let round = 0; round < 30; round++) {
    const list = lists[round % lists.length] as string[];
    client.setEndpoints(list);
    assert.equal(client.endpoints, list);
    await new Promise((resolve) => setTimeout(resolve, 10 + (round % 3) * 20));
  }
  stop = true;
  const counts = await Promise.all(writers);
  for (const [index, count] of counts.entries()) {
    assert.ok(count > 0);
    const { kvs } = await client.kv.get(`sync/load/${index}`);
    assert.is(kvs[0]?.version, count);
  }
});

test.run();
