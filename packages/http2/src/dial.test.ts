import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions as ServerOptions } from 'node:tls';
import type { TlsOptions } from '@etcdts/core';
import type { ConnectFailure, Endpoint } from '@etcdts/core/plugin';
import { assert, createCertificates, deferred, NoOpenssl, suite, type TestCertificates } from '@etcdts/testing';
import { dial, type Dialed, type SocketOwner } from './dial.ts';

const test = suite('dial');

let certificates: TestCertificates | undefined;
test.before(async () => {
  try {
    certificates = await createCertificates();
  } catch (error) {
    if (!(error instanceof NoOpenssl)) throw error;
  }
});
test.after(async () => {
  await certificates?.close();
});

/** A test of TLS, skipped if there is no openssl to make certificates. */
function fact(name: string, body: (made: TestCertificates) => Promise<void>): void {
  test(name, ({ skip }) => body(certificates ?? skip('openssl is not installed')));
}

/** An owner that records what it gets. */
class Recorder implements SocketOwner {
  readonly opened = deferred<Socket>();
  readonly lost = deferred<ConnectFailure>();
  readonly buffers: Set<ArrayBufferLike> = new Set();
  losses = 0;
  /** How often bytes came before the socket was reported. */
  early = 0;
  #opened = false;
  #received = '';
  #awaited = '';
  #came = deferred();

  /** Resolves when these bytes have come, from the start. */
  expect(text: string): Promise<void> {
    this.#awaited = text;
    this.#came = deferred();
    return this.#came.promise;
  }

  onSocket(socket: Socket): void {
    this.#opened = true;
    this.opened.resolve(socket);
  }

  onBytes(bytes: Buffer, length: number): void {
    this.buffers.add(bytes.buffer);
    if (!this.#opened) this.early++;
    this.#received += bytes.toString('latin1', 0, length);
    if (this.#received === this.#awaited) this.#came.resolve();
  }

  onLost(failure: ConnectFailure): void {
    this.losses++;
    this.lost.resolve(failure);
  }
}

/** A server and its address; it and all its sockets end with the test. */
class Peer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  accepted = 0;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.accepted++;
      this.#sockets.add(socket.on('error', () => {}));
    });
    server.on('tlsClientError', () => {});
  }

  static async start(server: Server, path?: string): Promise<Peer> {
    const peer = new Peer(server);
    await new Promise<void>((resolve) => server.listen(path ?? { host: '127.0.0.1', port: 0 }, resolve));
    return peer;
  }

  endpoint(secure = false): Endpoint {
    const { port } = this.#server.address() as AddressInfo;
    return { address: `127.0.0.1:${port}`, host: '127.0.0.1', port, socketPath: undefined, secure };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A peer with TLS. */
function tlsPeer(made: TestCertificates, options: ServerOptions, serve: (socket: Socket) => void): Promise<Peer> {
  const { cert, key } = made.server;
  const whole = { cert: readFileSync(cert), key: readFileSync(key), ...options };
  return Peer.start(createTlsServer(whole, (socket) => serve(socket.on('error', () => {}))));
}

function dialTo(endpoint: Endpoint, owner: SocketOwner, tls?: TlsOptions, peeked: Set<string> = new Set()): Dialed {
  return dial(endpoint, { tls, keepalive: undefined, maxReceiveBytes: 1_000 }, peeked, owner);
}

const pong = (socket: Socket): void => void socket.on('data', () => socket.write('pong'));
const closing = (socket: Socket): void => void socket.on('data', () => {}).once('data', () => socket.end());

/** Asserts that what a peer sends at once, and later, comes in one buffer, and not before the socket. */
async function assertOneBuffer(peer: Peer, secure: boolean, tls?: TlsOptions): Promise<void> {
  const owner = new Recorder();
  const hello = 'hello'.repeat(40_000);
  const greeted = owner.expect(hello);
  const dialed = dialTo(peer.endpoint(secure), owner, tls);
  const socket = await owner.opened.promise;
  await greeted;
  for (const text of ['pong', 'pongpong', 'pongpongpong']) {
    const received = owner.expect(hello + text);
    socket.write('ping');
    await received;
  }
  assert.is(owner.buffers.size, 1);
  assert.is(owner.early, 0);
  dialed.destroy();
}

/** A peer that speaks first, as those of HTTP/2 do. */
const hello = (socket: Socket): void => {
  socket.write('hello'.repeat(40_000));
  pong(socket);
};

test('bytes of one socket come in one buffer', async () => {
  await using peer = await Peer.start(createServer(hello));
  await assertOneBuffer(peer, false);
});

test('a unix socket is opened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-dial-'));
  const path = join(folder, 'socket');
  const endpoint = { address: `unix:${path}`, host: '', port: 0, socketPath: path, secure: false };
  try {
    await using _peer = await Peer.start(createServer(pong), path);
    const owner = new Recorder();
    const dialed = dialTo(endpoint, owner);
    const received = owner.expect('pong');
    (await owner.opened.promise).write('ping');
    await received;
    dialed.destroy();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('Nagle’s algorithm is off', async () => {
  await using peer = await Peer.start(createServer(pong));
  const { setNoDelay } = Socket.prototype;
  const set: (boolean | undefined)[] = [];
  Socket.prototype.setNoDelay = function (noDelay) {
    set.push(noDelay);
    return setNoDelay.call(this, noDelay);
  };
  try {
    const owner = new Recorder();
    const dialed = dialTo(peer.endpoint(), owner);
    await owner.opened.promise;
    assert.equal(set, [true]);
    dialed.destroy();
  } finally {
    Socket.prototype.setNoDelay = setNoDelay;
  }
});

test('a port that nobody listens on gives Node’s reason', async () => {
  const peer = await Peer.start(createServer());
  const endpoint = peer.endpoint();
  await peer[Symbol.asyncDispose]();
  const owner = new Recorder();
  dialTo(endpoint, owner);
  const { details, tls, cause } = await owner.lost.promise;
  assert.is(details, `connect ECONNREFUSED ${endpoint.address}`);
  assert.is(tls, false);
  assert.ok(cause === undefined || cause instanceof Error);
});

test('a peer that closes before it has settled is looked at with TLS once', async () => {
  await using peer = await Peer.start(createServer(closing));
  const peeked = new Set<string>();
  for (const accepted of [2, 3]) {
    const owner = new Recorder();
    dialTo(peer.endpoint(), owner, undefined, peeked);
    (await owner.opened.promise).write('x');
    const { details } = await owner.lost.promise;
    assert.is(details, 'the peer closed the connection before it sent HTTP/2 settings');
    assert.is(peer.accepted, accepted);
  }
});

test('the end of a settled socket is only an end: by the peer, by a reset, by a reason of our own', async () => {
  const ends: readonly [serve: (socket: Socket) => void, details: string][] = [
    [closing, 'the peer closed the connection'],
    [(socket) => void socket.once('data', () => socket.resetAndDestroy()), 'read ECONNRESET'],
    [pong, 'keepalive: no answer to a ping'],
  ];
  for (const [serve, details] of ends) {
    await using peer = await Peer.start(createServer(serve));
    const owner = new Recorder();
    const dialed = dialTo(peer.endpoint(), owner);
    const socket = await owner.opened.promise;
    dialed.settled();
    const received = owner.expect('pong');
    socket.write('x');
    if (serve === pong) {
      await received;
      dialed.destroy(new Error(details));
    }
    assert.is((await owner.lost.promise).details, details);
    assert.equal([peer.accepted, owner.losses], [1, 1]);
  }
});

test('a socket that is destroyed without a reason reports nothing more: before it is connected, and after', async () => {
  await using peer = await Peer.start(createServer(pong));
  const early = new Recorder();
  dialTo(peer.endpoint(), early).destroy();
  const late = new Recorder();
  const dialed = dialTo(peer.endpoint(), late);
  const socket = await late.opened.promise;
  dialed.destroy();
  await new Promise((resolve) => socket.once('close', resolve));
  const lost = new Recorder();
  dialTo({ ...peer.endpoint(), port: 1 }, lost);
  await lost.lost.promise;
  assert.equal([early.losses, late.losses], [0, 0]);
});

test('destroy ends the look at a peer that broke off', async () => {
  const looked = deferred<Socket>();
  let accepted = 0;
  await using peer = await Peer.start(
    createServer((socket) => {
      if (++accepted === 1) closing(socket);
      else looked.resolve(socket.resume());
    }),
  );
  const owner = new Recorder();
  const dialed = dialTo(peer.endpoint(), owner);
  (await owner.opened.promise).write('x');
  await looked.promise;
  const ended: Socket[] = [];
  const { destroy } = Socket.prototype;
  Socket.prototype.destroy = function (error) {
    if (!this.destroyed) ended.push(this);
    return destroy.call(this, error);
  };
  try {
    dialed.destroy();
  } finally {
    Socket.prototype.destroy = destroy;
  }
  assert.ok(ended.length > 0);
  assert.is(owner.losses, 0);
});

test('the end of the peer ends a socket, though the peer has not read what was sent', async () => {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => void socket.end());
  await using peer = await Peer.start(server);
  const owner = new Recorder();
  const dialed = dialTo(peer.endpoint(), owner);
  (await owner.opened.promise).write(Buffer.alloc(1 << 24));
  dialed.settled();
  assert.is((await owner.lost.promise).details, 'the peer closed the connection');
});

fact('a TLS socket is opened after its handshake, with HTTP/2 chosen', async (made) => {
  await using peer = await tlsPeer(made, { ALPNProtocols: ['h2'] }, pong);
  const owner = new Recorder();
  const dialed = dialTo(peer.endpoint(true), owner, { ca: readFileSync(made.ca) });
  const received = owner.expect('pong');
  (await owner.opened.promise).write('ping');
  await received;
  dialed.destroy();
});

fact('bytes of one TLS socket come in one buffer, with both versions of TLS', async (made) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    await using peer = await tlsPeer(made, { ALPNProtocols: ['h2'], maxVersion }, hello);
    for (let i = 0; i < 20; i++) await assertOneBuffer(peer, true, { ca: readFileSync(made.ca) });
  }
});

fact('a peer that has not chosen HTTP/2 is refused, whatever it sends', async (made) => {
  const protocols = [undefined, ['http/1.1']];
  for (const ALPNProtocols of protocols) {
    await using peer = await tlsPeer(made, ALPNProtocols === undefined ? {} : { ALPNProtocols }, hello);
    const owner = new Recorder();
    dialTo(peer.endpoint(true), owner, { ca: readFileSync(made.ca) });
    const { details, tls } = await owner.lost.promise;
    assert.match(details, /^TLS handshake failed: /);
    assert.is(tls, true);
    assert.is(peer.accepted, 1);
    assert.is(owner.buffers.size, 0, 'none of its bytes is read');
  }
});

fact('a server that offers no protocol is refused with what it lacks', async (made) => {
  await using peer = await tlsPeer(made, {}, pong);
  const owner = new Recorder();
  dialTo(peer.endpoint(true), owner, { ca: readFileSync(made.ca) });
  assert.match((await owner.lost.promise).details, /does not offer HTTP\/2 by ALPN/);
});

fact('a certificate of an unknown authority, and one of another name, are refused', async (made) => {
  const { cert, key } = made.wrongName;
  const reasons: readonly [ServerOptions, string, RegExp][] = [
    [{}, made.rogue.ca, /certificate|issuer/],
    [{ cert: readFileSync(cert), key: readFileSync(key) }, made.ca, /127\.0\.0\.1/],
  ];
  for (const [options, ca, reason] of reasons) {
    await using peer = await tlsPeer(made, { ALPNProtocols: ['h2'], ...options }, pong);
    const owner = new Recorder();
    dialTo(peer.endpoint(true), owner, { ca: readFileSync(ca) });
    const { details, tls } = await owner.lost.promise;
    assert.match(details, reason);
    assert.is(tls, true);
  }
});

fact(
  'a client certificate that is missing is reported, though TLS 1.3 refuses it after the handshake',
  async (made) => {
    const options = { ALPNProtocols: ['h2'], requestCert: true, rejectUnauthorized: true, ca: readFileSync(made.ca) };
    await using peer = await tlsPeer(made, options, pong);
    const owner = new Recorder();
    dialTo(peer.endpoint(true), owner, { ca: readFileSync(made.ca) });
    const { details, tls } = await owner.lost.promise;
    assert.match(details, /^TLS handshake failed: .*certificate required/);
    assert.is(tls, true);
  },
);

fact('a connection that is reset after its handshake is the network’s failure', async (made) => {
  const serve = (socket: Socket): unknown => socket.once('data', () => socket.destroy());
  await using peer = await tlsPeer(made, { ALPNProtocols: ['h2'] }, serve);
  const owner = new Recorder();
  dialTo(peer.endpoint(true), owner, { ca: readFileSync(made.ca) });
  const socket = await owner.opened.promise;
  socket.write('x');
  socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  assert.equal(
    { ...(await owner.lost.promise), cause: undefined },
    { details: 'read ECONNRESET', tls: false, cause: undefined },
  );
  assert.is(peer.accepted, 1);
});

fact('a certificate that has expired is refused', async (made) => {
  const { cert, key } = await made.client('localhost', new Date(Date.now() - 86_400_000));
  const pair = { cert: readFileSync(cert), key: readFileSync(key) };
  await using peer = await tlsPeer(made, { ALPNProtocols: ['h2'], ...pair }, pong);
  const owner = new Recorder();
  dialTo(peer.endpoint(true), owner, { ca: readFileSync(made.ca) });
  const { details, tls } = await owner.lost.promise;
  assert.is(details, 'TLS handshake failed: certificate has expired');
  assert.is(tls, true);
});

test('a handshake that the peer breaks off is the network’s failure', async () => {
  await using peer = await Peer.start(createServer(closing));
  const owner = new Recorder();
  dialTo(peer.endpoint(true), owner);
  const { details, tls } = await owner.lost.promise;
  assert.match(details, /^the TLS handshake was broken off: /);
  assert.is(tls, false);
});

test('TLS to a port that nobody listens on is no failure of TLS', async () => {
  const peer = await Peer.start(createServer());
  const endpoint = peer.endpoint(true);
  await peer[Symbol.asyncDispose]();
  const owner = new Recorder();
  dialTo(endpoint, owner);
  const { details, tls } = await owner.lost.promise;
  assert.is(details, `connect ECONNREFUSED ${endpoint.address}`);
  assert.is(tls, false);
});

test('bytes that are no certificate are refused by name', () => {
  const endpoint = { address: '127.0.0.1:1', host: '127.0.0.1', port: 1, socketPath: undefined, secure: true };
  assert.throws(() => dialTo(endpoint, new Recorder(), { ca: 'x' }), /INVALID_ARGUMENT: tls\.ca/);
});

test.run();
