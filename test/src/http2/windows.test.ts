// limit: 60 s
import type { Connection, Endpoint, Transport, WireListener, WireStatus } from '@etcdts/core/plugin';
import { http2Transport, type Http2TransportOptions } from '@etcdts/http2';
import { assert, deferred, eventually, suite, type Deferred } from '@etcdts/testing';
import {
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

const test = suite('windows of HTTP/2', { timeoutMs: 30_000 });

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** A server of Node, and a connection of ours to it. */
class Pair implements AsyncDisposable {
  readonly #server: Http2Server;
  readonly #sessions: Set<ServerHttp2Session> = new Set();
  readonly connection: Connection;

  private constructor(server: Http2Server, transport: Transport) {
    this.#server = server;
    server.on('session', (session) => void this.#sessions.add(session.on('error', () => {})));
    const { port } = server.address() as AddressInfo;
    const endpoint: Endpoint = {
      address: `127.0.0.1:${port}`,
      host: '127.0.0.1',
      port,
      socketPath: undefined,
      secure: false,
    };
    const options = { tls: undefined, keepalive: undefined, maxReceiveBytes: 2 ** 31 - 1 };
    this.connection = transport.connect(endpoint, options);
  }

  static async open(
    settings: Settings,
    onStream: (stream: ServerHttp2Stream) => void,
    options: Http2TransportOptions = {},
  ): Promise<Pair> {
    const server = createServer({ settings });
    server.on('stream', (stream) => onStream(stream.on('error', () => {})));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const pair = new Pair(server, http2Transport(options));
    const ready = deferred();
    pair.connection.connect({ onReady: ready.resolve, onLost: () => {}, onCrowded() {} });
    await ready.promise;
    return pair;
  }

  /** Starts a call with a whole request, and resolves with its answer. */
  async ask(message: Buffer): Promise<Buffer> {
    const messages: Buffer[] = [];
    const end: Deferred<WireStatus> = deferred();
    const listener: WireListener = { onMessage: (one) => void messages.push(one), onEnd: end.resolve };
    this.connection.start('/s/M', {}, listener, frame(message));
    assert.is((await end.promise).code, 0);
    assert.is(messages.length, 1);
    return messages[0] as Buffer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close(true);
    for (const session of this.#sessions) session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Answers with the bytes of the request. */
function echo(stream: ServerHttp2Stream): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.pipe(stream);
}

for (const [window, sizes] of [
  [1, [0, 1, 3_000]],
  [100, [0, 99, 100_000]],
  [65_535, [0, 65_530, 2_097_152]],
  [2 ** 31 - 1, [0, 2_097_152, 5_000_000]],
] as const) {
  test(`requests arrive whole through a window of ${window} bytes, several at a time`, async () => {
    await using pair = await Pair.open({ initialWindowSize: window }, echo);
    await Promise.all(
      [...sizes, ...sizes].map(async (size, i) => {
        const message = Buffer.alloc(size, i);
        assert.ok((await pair.ask(message)).equals(message));
      }),
    );
  });
}

for (const options of [
  { windowBytes: 65_535, connectionWindowBytes: 65_535 },
  { windowBytes: 2 ** 31 - 1, connectionWindowBytes: 2 ** 31 - 1 },
  {},
]) {
  test(`answers larger than the windows arrive whole, several at a time: ${JSON.stringify(options)}`, async () => {
    await using pair = await Pair.open({}, echo, options);
    await Promise.all(
      [0, 1, 70_000, 3_000_000, 12_000_000].map(async (size, i) => {
        const message = Buffer.alloc(size, i);
        assert.ok((await pair.ask(message)).equals(message));
      }),
    );
  });
}

test('a reader that does not read stops the server at the window, and no other call', async () => {
  const WINDOW = 200_000;
  const NODES = 100_000;
  let written = 0;
  const part = frame(Buffer.alloc(10_000));
  await using pair = await Pair.open(
    {},
    (stream) => {
      // The first stream is endless.
      if (stream.id !== 1) return echo(stream);
      stream.respond(GRPC);
      const more = (): void => {
        do written += part.length;
        while (stream.write(part));
      };
      stream.on('drain', more);
      more();
    },
    { windowBytes: WINDOW },
  );
  let read = 0;
  const call = pair.connection.start('/s/M', {}, { onMessage: () => void read++, onEnd() {} });
  // Node accepts some more than it can send.
  await eventually(() => written >= WINDOW);
  for (let i = 0; i < 20; i++) await pair.ask(Buffer.alloc(100_000));
  assert.ok(written <= WINDOW + NODES, `${written}`);
  assert.is(read, 0);
  for (let i = 0; i < 100; i++) call.read();
  await eventually(() => read === 100);
  await eventually(() => written >= 100 * part.length + WINDOW / 2);
  for (let i = 0; i < 20; i++) await pair.ask(Buffer.alloc(1_000));
  assert.ok(written <= 100 * part.length + WINDOW + NODES, `${written}`);
  assert.is(read, 100);
  call.cancel();
  await pair.ask(Buffer.alloc(1_000));
});

test.run();
