import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, Socket } from 'node:net';
import type { FaultProxy } from './index.ts';
import { assert, eventually, rejects, startProxy, suite } from './index.ts';

const test = suite('tcp-proxy');

interface World extends AsyncDisposable {
  readonly proxy: FaultProxy;
  /** All bytes that the server has received, over all connections. */
  received(): string;
  /** Opens a connection through the proxy. */
  client(): Promise<Client>;
}

interface Client {
  readonly socket: Socket;
  /** All bytes that the client has received. */
  received(): string;
  /** How the connection has ended: an error code or `end`; `undefined` if it is open. */
  ended(): string | undefined;
}

/** An echo server, a proxy in front of it, and clients of the proxy. */
async function world(): Promise<World> {
  let received = '';
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined);
  };
  const server = createServer((socket) => {
    keep(socket).on('data', (chunk) => {
      received += String(chunk);
      socket.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startProxy(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    proxy,
    received: () => received,
    async client() {
      const socket = keep(connect(proxy.port, '127.0.0.1'));
      let text = '';
      let ending: string | undefined;
      socket.on('data', (chunk) => (text += String(chunk)));
      socket.on('end', () => (ending ??= 'end'));
      socket.on('error', (error: NodeJS.ErrnoException) => (ending ??= error.code));
      await once(socket, 'connect');
      return { socket, received: () => text, ended: () => ending };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await proxy.close();
    },
  };
}

/** Waits for enough turns of the event loop that bytes on loopback have arrived. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

test('passes bytes both ways and counts them', async () => {
  await using w = await world();
  const client = await w.client();
  client.socket.write('hello');
  await eventually(() => client.received() === 'hello');
  assert.equal(w.proxy.bytes, { toServer: 5, toClient: 5, dropped: 0 });
  assert.is(w.proxy.connections, 1);
  client.socket.end();
  await eventually(() => client.ended() === 'end' && w.proxy.connections === 0);
  assert.is(w.proxy.accepted, 1);
});

test('passes many megabytes whole', async () => {
  await using w = await world();
  const client = await w.client();
  const size = 20 * 1024 * 1024;
  client.socket.write(Buffer.alloc(size, 'x'));
  await eventually(() => client.received().length === size);
});

test('cut resets every open connection, and new ones are served', async () => {
  await using w = await world();
  const [a, b] = [await w.client(), await w.client()];
  await eventually(() => w.proxy.connections === 2);
  w.proxy.cut();
  await eventually(() => a.ended() === 'ECONNRESET' && b.ended() === 'ECONNRESET');
  const c = await w.client();
  c.socket.write('x');
  await eventually(() => c.received() === 'x');
});

test('cut can close in order', async () => {
  await using w = await world();
  const client = await w.client();
  await eventually(() => w.proxy.connections === 1);
  w.proxy.cut('close');
  await eventually(() => client.ended() === 'end');
});

for (const direction of ['toServer', 'toClient'] as const) {
  test(`cutAfter passes exactly so many bytes ${direction}, once`, async () => {
    await using w = await world();
    const client = await w.client();
    const cut = w.proxy.cutAfter({ direction, bytes: 7 });
    client.socket.write('hello');
    await eventually(() => client.received() === 'hello');
    client.socket.write('world');
    await cut;
    await eventually(() => client.ended() !== undefined);
    if (direction === 'toServer') assert.is(w.received(), 'hellowo');
    else assert.equal([w.received(), client.received()], ['helloworld', 'hellowo']);
    const next = await w.client();
    next.socket.write('more than seven');
    await eventually(() => next.received() === 'more than seven');
  });
}

test('cutAfter 0 toClient lets the request through and loses its reply', async () => {
  await using w = await world();
  const client = await w.client();
  const cut = w.proxy.cutAfter({ direction: 'toClient', bytes: 0 });
  client.socket.write('request');
  await cut;
  await eventually(() => client.ended() !== undefined);
  assert.equal([w.received(), client.received()], ['request', '']);
});

test('swallowReplies loses replies only, and heal resets the connections that have lost some', async () => {
  await using w = await world();
  const [torn, whole] = [await w.client(), await w.client()];
  w.proxy.swallowReplies();
  torn.socket.write('lost');
  await eventually(() => w.proxy.bytes.dropped === 4);
  assert.equal([w.received(), torn.received(), torn.ended()], ['lost', '', undefined]);
  await w.proxy.heal();
  await eventually(() => torn.ended() === 'ECONNRESET');
  whole.socket.write('kept');
  await eventually(() => whole.received() === 'kept');
});

test('a black hole keeps connections open, passes nothing, and what waited passes when it heals', async () => {
  await using w = await world();
  const old = await w.client();
  old.socket.write('a');
  await eventually(() => old.received() === 'a');
  w.proxy.blackhole();
  const fresh = await w.client();
  old.socket.write('b');
  fresh.socket.write('c');
  await settled();
  assert.equal([w.received(), old.ended(), fresh.ended()], ['a', undefined, undefined]);
  await w.proxy.heal();
  await eventually(() => old.received() === 'ab' && fresh.received() === 'c');
});

test('a black hole hides that the client has gone', async () => {
  await using w = await world();
  const client = await w.client();
  client.socket.write('a');
  await eventually(() => client.received() === 'a');
  w.proxy.blackhole();
  client.socket.destroy();
  await settled();
  assert.is(w.proxy.connections, 1);
  await w.proxy.heal();
  await eventually(() => w.proxy.connections === 0);
});

test('pause holds one direction', async () => {
  await using w = await world();
  const client = await w.client();
  w.proxy.pause('toClient');
  client.socket.write('request');
  await eventually(() => w.received() === 'request');
  await settled();
  assert.is(client.received(), '');
  await w.proxy.heal();
  await eventually(() => client.received() === 'request');
});

test('refuse turns new connections away on the same port until it heals', async () => {
  await using w = await world();
  const old = await w.client();
  await eventually(() => w.proxy.connections === 1);
  w.proxy.refuse();
  await rejects(w.client(), { code: 'ECONNREFUSED' });
  old.socket.write('still here');
  await eventually(() => old.received() === 'still here');
  const { port } = w.proxy;
  await w.proxy.heal();
  assert.is(w.proxy.port, port);
  await w.client();
});

test('delay keeps the order, and the end behind the bytes', async () => {
  await using w = await world();
  const client = await w.client();
  w.proxy.delay({ ms: 10, jitterMs: 20 });
  const started = performance.now();
  const words = Array.from({ length: 30 }, (_, index) => `${index} `);
  for (const word of words) {
    client.socket.write(word);
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.socket.end();
  await eventually(() => client.ended() === 'end');
  assert.is(client.received(), words.join(''));
  assert.ok(performance.now() - started >= 20);
});

test('onChunk sees every chunk and decides on it', async () => {
  await using w = await world();
  const client = await w.client();
  const seen: string[] = [];
  w.proxy.onChunk = (direction, chunk, { id }) => {
    seen.push(`${id} ${direction} ${String(chunk)}`);
    if (String(chunk) === 'cut') return 'cut';
    return String(chunk) === 'drop' ? 'drop' : 'pass';
  };
  client.socket.write('one');
  await eventually(() => client.received() === 'one');
  client.socket.write('drop');
  await eventually(() => w.proxy.bytes.dropped === 4);
  client.socket.write('cut');
  await eventually(() => client.ended() !== undefined);
  assert.equal(seen, ['1 toServer one', '1 toClient one', '1 toServer drop', '1 toServer cut']);
  assert.is(w.received(), 'one');
});

test('a server that is not there, or that resets, reaches the client as a reset', async () => {
  const vacant = createServer().listen(0, '127.0.0.1');
  await once(vacant, 'listening');
  const { port } = vacant.address() as AddressInfo;
  await new Promise((resolve) => vacant.close(resolve));
  await using proxy = await startProxy({ host: '127.0.0.1', port });
  const socket = connect(proxy.port, '127.0.0.1');
  const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as [NodeJS.ErrnoException];
  assert.is(error.code, 'ECONNRESET');
});

test('close ends everything, also in a black hole, and may be called again', async () => {
  await using w = await world();
  const client = await w.client();
  w.proxy.blackhole();
  client.socket.write('x');
  await w.client();
  await eventually(() => w.proxy.connections === 2);
  await w.proxy.close();
  assert.is(w.proxy.connections, 0);
  await w.proxy.close();
  await rejects(w.client(), { code: 'ECONNREFUSED' });
});

test('a cut in the turn in which an end is handed on leaves no socket', async () => {
  const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  await using w = await world();
  const { socket } = await w.client();
  await eventually(() => w.proxy.connections === 1);
  const { end } = Socket.prototype;
  Socket.prototype.end = function (this: Socket, ...rest: unknown[]) {
    end.apply(this, rest as Parameters<Socket['end']>);
    if (this !== socket) w.proxy.cut();
    return this;
  };
  try {
    socket.end();
    await eventually(() => w.proxy.connections === 0);
  } finally {
    Socket.prototype.end = end;
  }
  socket.destroy();
  await eventually(() => sockets() === 0, { describe: 'every socket is closed' });
});

test('refuses a target without a port', async () => {
  await rejects(startProxy('localhost'), /names no port/);
});

test.run();
