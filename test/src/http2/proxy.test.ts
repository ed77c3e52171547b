// limit: 120 s
import { createClient, type EtcdError } from '@etcdts/core';
import { http2Transport } from '@etcdts/http2';
import { assert, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { connect, createServer, type ClientHttp2Session, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

const test = suite('proxies that limit calls', { timeoutMs: 60_000 });

let etcd: EtcdServer;
test.before(async () => {
  etcd = await startEtcd();
});
test.after(() => etcd?.close());

interface Proxy extends AsyncDisposable {
  readonly endpoint: string;
  /** How many connections it has had. */
  readonly sessions: Set<ServerHttp2Session>;
  /** The largest number of streams that were open at a time on a connection. */
  most: number;
  /** Streams that came after the end of their connection was announced, and were not passed on. */
  refused: number;
}

/** A proxy that allows `streams` at a time on a connection, and announces the end of each after `calls` of them. */
async function startProxy(streams: number, calls: number): Promise<Proxy> {
  const upstream: ClientHttp2Session = connect(etcd.endpoint.replace(/^(?:http:\/\/)?/, 'http://'));
  upstream.on('error', () => {});
  const server = createServer({ settings: { maxConcurrentStreams: streams } });
  const proxy: Proxy = {
    endpoint: '',
    sessions: new Set(),
    most: 0,
    refused: 0,
    async [Symbol.asyncDispose]() {
      for (const session of proxy.sessions) session.destroy();
      upstream.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on('session', (session) => {
    proxy.sessions.add(session.on('error', () => {}));
    let passed = 0;
    let open = 0;
    session.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      if (++passed > calls) {
        proxy.refused++;
        return;
      }
      proxy.most = Math.max(proxy.most, ++open);
      stream.on('close', () => open--);
      if (passed === calls) session.goaway(0, stream.id as number);
      const { ':path': path, ':method': method, 'content-type': type } = headers;
      const request = upstream.request({
        ':path': path as string,
        ':method': method as string,
        'content-type': type as string,
        te: 'trailers',
      });
      request.on('error', () => stream.destroy());
      request.on('response', (head) => {
        const fields = { ':status': head[':status'] as number, 'content-type': head['content-type'] as string };
        stream.respond(fields, { waitForTrailers: true });
        let trailers = {};
        request.on('trailers', (fields) => (trailers = { ...fields }));
        stream.on('wantTrailers', () => stream.sendTrailers(trailers));
        request.pipe(stream);
      });
      stream.pipe(request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(proxy, { endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}` });
}

/** Puts `count` keys, `atOnce` at a time. Returns the errors. */
async function putAll(endpoints: string, prefix: string, count: number, atOnce: number): Promise<readonly EtcdError[]> {
  // A busy machine may take more than the usual deadline.
  await using client = createClient({ endpoints, transport: http2Transport(), requestTimeoutMs: 50_000 });
  const errors: EtcdError[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      await client.kv.put(`${prefix}${next++}`, 'v').catch((error: EtcdError) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return errors;
}

/** How many keys were written, and how often each was at most. */
async function written(prefix: string): Promise<readonly [count: number, most: number]> {
  await using client = createClient({ endpoints: etcd.endpoints, transport: http2Transport() });
  const { kvs } = await client.kv.get(prefix, { prefix: true, limit: 0 });
  return [kvs.length, Math.max(...kvs.map(({ version }) => version))];
}

test('H1 a proxy that allows 100 streams at a time carries 500 calls at a time: each is applied once, none fails', async () => {
  await using proxy = await startProxy(100, Infinity);
  assert.equal(await putAll(proxy.endpoint, 'streams/', 3_000, 500), []);
  assert.equal(await written('streams/'), [3_000, 1]);
  assert.is(proxy.most, 100);
  assert.is(proxy.sessions.size, 1);
});

test('H1 a proxy that ends its connections by GOAWAY after 100 calls each loses none, applies none twice, makes none unknown', async () => {
  await using proxy = await startProxy(1_000, 100);
  const errors = await putAll(proxy.endpoint, 'goaway/', 3_000, 1_000);
  assert.equal(errors, []);
  assert.equal(await written('goaway/'), [3_000, 1]);
  assert.ok(proxy.sessions.size >= 30, `${proxy.sessions.size} connections`);
});

test('H1 both at once', async () => {
  await using proxy = await startProxy(100, 100);
  const errors = await putAll(proxy.endpoint, 'both/', 3_000, 1_000);
  assert.equal(errors, []);
  assert.equal(await written('both/'), [3_000, 1]);
});

test.run();
