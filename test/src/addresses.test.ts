// on both transports
// runs alone
// limit: 60 s
import { createClient, type ClientOptions, type EtcdErrorCode } from '@etcdts/core';
import type { Lookup } from '@etcdts/core/plugin';
import { assert, createCertificates, eventually, NoOpenssl, rejects, startEtcd, suite } from '@etcdts/testing';
import type { EtcdServer, TestCertificates } from '@etcdts/testing';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { testTransport } from './transports.ts';

const test = suite('names and their addresses', { timeoutMs: 20_000 });

let certificates: TestCertificates | undefined;
let plain: EtcdServer;
let secure: EtcdServer | undefined;

test.before(async () => {
  plain = await startEtcd();
  try {
    certificates = await createCertificates();
    secure = await startEtcd({ tls: certificates.server });
  } catch (error) {
    if (!(error instanceof NoOpenssl)) throw error;
  }
});
test.after(async () => {
  await plain?.close();
  await secure?.close();
  await certificates?.close();
});

/** A test of TLS, skipped if there is no openssl to make certificates. */
function fact(name: string, body: (made: TestCertificates, etcd: EtcdServer) => Promise<void>): void {
  test(name, ({ skip }) => {
    if (certificates === undefined || secure === undefined) return skip('openssl is not installed');
    return body(certificates, secure);
  });
}

const portOf = (etcd: EtcdServer): number => Number(etcd.endpoint.split(':').at(-1));
const at =
  (...ips: string[]): Lookup =>
  (_, done) =>
    void setImmediate(done, undefined, ips);

/** The behaviour of a server towards connections. */
const MANNERS: Readonly<Record<string, (socket: Socket) => unknown>> = {
  silent: (socket) => socket.resume(),
  closing: (socket) => socket.end(),
  resetting: (socket) => socket.once('data', () => socket.resetAndDestroy()),
  babbling: (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
};

/** Starts a server that misbehaves, at this address. */
async function misbehaving(manner: (socket: Socket) => unknown, host: string, port = 0): Promise<BadServer> {
  const server = createServer();
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket) => {
    accepted++;
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    manner(socket);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ host, port }, resolve));
  return new BadServer(server, sockets, () => accepted);
}

class BadServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly accepted: () => number;

  constructor(server: Server, sockets: Set<Socket>, accepted: () => number) {
    this.#server = server;
    this.#sockets = sockets;
    this.accepted = accepted;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

for (const [name, manner] of Object.entries(MANNERS)) {
  for (const scheme of ['http', 'https']) {
    const body = async (etcd: EtcdServer, options: Partial<ClientOptions>): Promise<void> => {
      await using bad = await misbehaving(manner, '127.0.0.2', portOf(etcd));
      const transport = testTransport({ lookup: at('127.0.0.2', '127.0.0.1') });
      await using client = createClient({ endpoints: `${scheme}://localhost:${portOf(etcd)}`, transport, ...options });
      const started = performance.now();
      await client.kv.put('addresses', 'v');
      assert.ok(performance.now() - started < 2_500, `${performance.now() - started} ms`);
      assert.ok(bad.accepted() > 0);
    };
    const title = `a name whose first address is ${name} is reached at its second over ${scheme}`;
    if (scheme === 'http') test(title, () => body(plain, {}));
    else fact(title, ({ ca }, etcd) => body(etcd, { tls: { ca: readFileSync(ca) } }));
  }
}

fact(
  'a fully qualified name with its final dot works over TLS, as the endpoint and as serverName',
  async ({ ca }, etcd) => {
    const tls = { ca: readFileSync(ca) };
    const transport = testTransport({ lookup: at('127.0.0.1') });
    for (const options of [
      { endpoints: `https://localhost.:${portOf(etcd)}`, tls, transport },
      { endpoints: etcd.endpoints, tls: { ...tls, serverName: 'localhost.' } },
    ]) {
      await using client = createClient(options);
      await client.kv.put('dot', 'v');
    }
  },
);

/** The error of a put through a server, which must come at once. */
async function failure(options: ClientOptions, code: EtcdErrorCode): Promise<string> {
  await using client = createClient(options);
  const error = await rejects<Error>(client.kv.put('k', 'v'), { code, outcome: 'not-applied' });
  return error.message;
}

test('https to a server without TLS says so: to etcd, which just closes, and to one that answers in HTTP', async () => {
  const says = /does not speak TLS: use http:\/\//;
  assert.match(await failure({ endpoints: `https://127.0.0.1:${portOf(plain)}` }, 'TLS_FAILED'), says);
  await using babbling = await misbehaving((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), '127.0.0.1');
  assert.match(await failure({ endpoints: `https://127.0.0.1:${babbling.port}` }, 'TLS_FAILED'), says);
});

fact('http to a server with TLS says so', async (_, etcd) => {
  const endpoints = `http://127.0.0.1:${portOf(etcd)}`;
  assert.match(await failure({ endpoints }, 'UNAVAILABLE'), /speaks TLS: use https:\/\//);
});

test('a handshake that is broken off is the network’s: UNAVAILABLE, and over when the backend is back', async () => {
  for (const manner of ['closing', 'resetting']) {
    await using bad = await misbehaving(MANNERS[manner] as (typeof MANNERS)['silent'], '127.0.0.1');
    const endpoints = `https://127.0.0.1:${bad.port}`;
    assert.match(await failure({ endpoints }, 'UNAVAILABLE'), /TLS handshake/);
  }
});

/** Passes a connection on to etcd. */
function forward(socket: Socket, port: number): void {
  const upstream = connect(port, '127.0.0.1');
  socket.on('close', () => upstream.destroy());
  upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  socket.pipe(upstream).pipe(socket);
}

fact('a keepAliveOnce and a first watch wait for a balancer whose backend comes back', async ({ ca }, etcd) => {
  await using direct = createClient({ endpoints: etcd.endpoints, tls: { ca: readFileSync(ca) } });
  const { id } = await direct.lease.grant(60);
  let down = true;
  await using balancer = await misbehaving((socket) => {
    if (down) socket.once('data', () => socket.resetAndDestroy());
    else forward(socket, portOf(etcd));
  }, '127.0.0.1');
  const seen = balancer.accepted;
  await using client = createClient({
    endpoints: `https://localhost:${balancer.port}`,
    tls: { ca: readFileSync(ca) },
  });
  const renewed = client.lease.keepAliveOnce(id);
  const watch = client.watch('balancer');
  await eventually(() => seen() >= 3);
  down = false;
  assert.is((await renewed).id, id);
  await watch.created;
});

test('a peer that breaks off is looked at with the other protocol once, not at each attempt', async () => {
  await using bad = await misbehaving((socket) => socket.end(), '127.0.0.1');
  await using client = createClient({ endpoints: `127.0.0.1:${bad.port}` });
  for (let i = 0; i < 5; i++) await rejects(client.kv.get('k'), { code: 'UNAVAILABLE' });
  assert.is(bad.accepted(), 6);
});

test.run();
