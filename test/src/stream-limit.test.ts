// on both transports
// limit: 60 s
import { createClient, type ClientOptions, type EtcdError } from '@etcdts/core';
import { assert, eventually, rejects, startEtcd, suite } from '@etcdts/testing';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

const test = suite('a limit of streams', { timeoutMs: 20_000 });

/** A server that allows two streams at a time and answers none, like a proxy with a backend that hangs. */
async function narrow(): Promise<AsyncDisposable & { endpoint: string; paths: string[] }> {
  const server = createServer({ settings: { maxConcurrentStreams: 2 } });
  const sessions = new Set<ServerHttp2Session>();
  const paths: string[] = [];
  server.on('session', (session) => void sessions.add(session.on('error', () => {})));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    paths.push(String(headers[':path']));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function logged(options: ClientOptions): { options: ClientOptions; warnings: string[] } {
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (line: string) => void warnings.push(line), error() {} };
  return { options: { ...options, logger }, warnings };
}

test('H1: a put that waits for a stream is not applied at its deadline, and the error and one log line give the reason', async () => {
  await using server = await narrow();
  const { options, warnings } = logged({ endpoints: server.endpoint });
  await using client = createClient(options);
  const held = [1, 2].map((i) =>
    rejects(client.kv.put(`held/${i}`, 'v', { timeoutMs: 2_000 }), { outcome: 'unknown' }),
  );
  await eventually(() => server.paths.length === 2);
  for (let i = 0; i < 3; i++) {
    const error = await rejects<EtcdError>(client.kv.put('waits', 'v', { timeoutMs: 100 }), {
      code: 'DEADLINE_EXCEEDED',
      outcome: 'not-applied',
      attempts: 1,
    });
    assert.match(error.message, /waits for a stream: the peer allows 2 at a time/);
  }
  assert.equal(
    warnings.filter((line) => line.includes('waits for a stream') || line.includes('wait for a stream')),
    [`etcdts: ${server.endpoint}: calls wait for a stream: the peer allows 2 at a time`],
  );
  await Promise.all(held);
  // A call that was given up while it waited has never left.
  assert.is(server.paths.length, 2);
});

test('a put that waits for a stream of a connection that is lost goes to another endpoint', async () => {
  await using etcd = await startEtcd();
  const server = await narrow();
  await using client = createClient({ endpoints: server.endpoint });
  const held = [1, 2].map((i) => rejects(client.kv.put(`held/${i}`, 'v'), { outcome: 'unknown' }));
  await eventually(() => server.paths.length === 2);
  const waiting = client.kv.put('moved', 'v');
  client.setEndpoints([server.endpoint, ...etcd.endpoints]);
  await server[Symbol.asyncDispose]();
  await waiting;
  assert.is((await client.kv.get('moved')).kvs[0]?.version, 1);
  await Promise.all(held);
});

test('hundreds of calls share the two streams that etcd allows', async () => {
  await using etcd = await startEtcd({ extraArgs: ['--max-concurrent-streams=2'] });
  await using client = createClient({ endpoints: etcd.endpoints });
  const watch = client.watch('narrow/', { prefix: true });
  await watch.created;
  await Promise.all(Array.from({ length: 300 }, (_, i) => client.kv.put(`narrow/${i}`, 'v')));
  const { count } = await client.kv.get('narrow/', { prefix: true, countOnly: true });
  assert.is(count, 300);
});

test.run();
