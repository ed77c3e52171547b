// The base of the contract of connections: servers that a test scripts, and listeners that record what is reported.
import type {
  ConnectFailure,
  Connection,
  ConnectionOptions,
  Endpoint,
  Transport,
  WireCall,
  WireStatus,
} from '@etcdts/core/plugin';
import {
  createServer as createHttp2,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually } from '../eventually.ts';
import { assert } from '../suite.ts';

const OPTIONS: ConnectionOptions = { tls: undefined, keepalive: undefined, maxReceiveBytes: 100_000_000 };
export const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

/** A gRPC frame around a message. */
export function frame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** A server on loopback that each test scripts. */
export class Peer implements AsyncDisposable {
  readonly sockets: Set<Socket> = new Set();
  readonly sessions: ServerHttp2Session[] = [];
  /** The number of pings that it has received. */
  pings = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
    });
    server.on('session', (session: ServerHttp2Session) => {
      this.sessions.push(session.on('error', () => {}).on('ping', () => void this.pings++));
    });
  }

  static async http2(
    onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void = () => {},
    settings: Settings = {},
  ): Promise<Peer> {
    const server = createHttp2({ settings });
    server.on('stream', (stream, headers) =>
      onStream(
        stream.on('error', () => {}),
        headers,
      ),
    );
    return Peer.#listen(server as unknown as Server);
  }

  static tcp(): Promise<Peer> {
    return Peer.#listen(createServer((socket) => void socket.resume()));
  }

  static async #listen(server: Server): Promise<Peer> {
    const peer = new Peer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  endpoint(secure = false): Endpoint {
    const { port } = this.#server.address() as AddressInfo;
    return { address: `127.0.0.1:${port}`, host: '127.0.0.1', port, socketPath: undefined, secure };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A connection and its reports. */
export class Line implements AsyncDisposable {
  readonly connection: Connection;
  readonly reports: ('ready' | ConnectFailure)[] = [];
  /** The limits of streams that were reported because calls wait. */
  readonly crowded: number[] = [];

  constructor(transport: Transport, endpoint: Endpoint, options: Partial<ConnectionOptions> = {}) {
    this.connection = transport.connect(endpoint, { ...OPTIONS, ...options });
    this.connection.connect({
      onReady: () => void this.reports.push('ready'),
      onLost: (failure) => void this.reports.push(failure),
      onCrowded: (limit) => void this.crowded.push(limit),
    });
  }

  async ready(): Promise<this> {
    await eventually(() => this.reports.length > 0);
    assert.equal(this.reports, ['ready']);
    return this;
  }

  async lost(): Promise<ConnectFailure> {
    const isFailure = (one: unknown): one is ConnectFailure => one !== 'ready';
    return eventually(() => this.reports.find(isFailure));
  }

  start(path = '/test/Method', metadata: Parameters<Connection['start']>[1] = {}): Talk {
    return this.#start(path, metadata, undefined);
  }

  /** Starts a call with the whole request. */
  startWhole(message: Uint8Array, path = '/test/Method', metadata: Parameters<Connection['start']>[1] = {}): Talk {
    const talk = this.#start(path, metadata, frame(message));
    talk.eager = false;
    return talk;
  }

  #start(path: string, metadata: Parameters<Connection['start']>[1], request: Buffer | undefined): Talk {
    const talk = new Talk();
    talk.call = this.connection.start(path, metadata, talk, request);
    assert.equal([talk.messages, talk.ends], [[], []], 'nothing is reported before start returns');
    return talk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close(true);
  }
}

/** A call and its reports. */
export class Talk {
  call!: WireCall;
  readonly messages: Buffer[] = [];
  readonly ends: WireStatus[] = [];
  /** Whether the next message is requested as soon as one has come. */
  eager = true;

  onMessage(message: Buffer): void {
    assert.equal(this.ends, [], 'no message comes after the end');
    this.messages.push(message);
    if (this.eager) this.call.read();
  }

  onEnd(status: WireStatus): void {
    this.ends.push(status);
  }

  ask(message: Uint8Array): this {
    this.call.send(frame(message));
    this.call.halfClose();
    this.call.read();
    return this;
  }

  async end(): Promise<WireStatus> {
    await eventually(() => this.ends.length > 0);
    assert.is(this.ends.length, 1);
    return this.ends[0] as WireStatus;
  }
}

/** Reads a stream to its end. */
export async function received(stream: ServerHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Answers a call with headers, messages and trailers. */
export function answer(
  stream: ServerHttp2Stream,
  trailers: Record<string, string>,
  ...messages: readonly Uint8Array[]
): void {
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.respond(GRPC, { waitForTrailers: true });
  for (const message of messages) stream.write(frame(message));
  stream.end();
}
