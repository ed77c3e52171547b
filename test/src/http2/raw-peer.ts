// A server of HTTP/2 that sends what a test scripts, frame by frame, right or wrong.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually } from '@etcdts/testing';

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = { NONE: 0, END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

const PREFACE_LENGTH = 24;
const HEADER = 9;
const NOTHING = Buffer.alloc(0);

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

/** A frame as bytes. */
export function frameBytes(type: number, flags: number, id: number, payload: Buffer = NOTHING): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(id >>> 0, 5);
  payload.copy(bytes, HEADER);
  return bytes;
}

/** A number of 32 bits, as in WINDOW_UPDATE and RST_STREAM. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** The payload of SETTINGS. */
export function settings(...list: readonly (readonly [id: number, value: number])[]): Buffer {
  return Buffer.concat(list.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id]), uint32(value)])));
}

/** A header block of literals that enter no table. No name or value has more than 126 bytes. */
export function block(...fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, 'latin1');
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  };
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

export const HEAD: Buffer = block([':status', '200'], ['content-type', 'application/grpc']);
export const TRAILERS: Buffer = block(['grpc-status', '0']);

/** One connection of a client. */
export class RawPeer {
  readonly socket: Socket;
  /** All frames of the client, in order. */
  readonly frames: Frame[] = [];
  /** The ids of the requests that have come. */
  readonly requests: number[] = [];
  onFrame: ((frame: Frame) => void) | undefined;
  closed = false;
  #rest: Buffer = NOTHING;
  #preface = true;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => {}).on('close', () => (this.closed = true));
  }

  send(type: number, flags: number, id: number, payload?: Buffer): void {
    this.write(frameBytes(type, flags, id, payload));
  }

  write(bytes: Buffer): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** Answers a request with messages and trailers. */
  answer(id: number, ...messages: readonly Buffer[]): void {
    this.send(FRAME.HEADERS, FLAG.END_HEADERS, id, HEAD);
    for (const message of messages) {
      const prefix = Buffer.concat([Buffer.from([0]), uint32(message.length)]);
      this.send(FRAME.DATA, FLAG.NONE, id, Buffer.concat([prefix, message]));
    }
    this.send(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, id, TRAILERS);
  }

  /** Resolves with the first frame of a type, and with an id if one is given. */
  received(type: number, id?: number): Promise<Frame> {
    const isIt = (frame: Frame): boolean => frame.type === type && (id === undefined || frame.id === id);
    return eventually(() => this.frames.find(isIt), { describe: `a frame of type ${type} comes` });
  }

  /** Resolves with the id of the request of this number, the first of which is 0. */
  request(number = 0): Promise<number> {
    return eventually(() => this.requests[number], { describe: `request ${number} comes` });
  }

  #read(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#preface) {
      if (this.#rest.length < PREFACE_LENGTH) return;
      this.#preface = false;
      this.#rest = this.#rest.subarray(PREFACE_LENGTH);
    }
    let at = 0;
    while (this.#rest.length - at >= HEADER) {
      const end = at + HEADER + this.#rest.readUIntBE(at, 3);
      if (this.#rest.length < end) break;
      this.#onFrame({
        type: this.#rest[at + 3] as number,
        flags: this.#rest[at + 4] as number,
        id: this.#rest.readUInt32BE(at + 5),
        payload: this.#rest.subarray(at + HEADER, end),
      });
      at = end;
    }
    this.#rest = this.#rest.subarray(at);
  }

  #onFrame(frame: Frame): void {
    this.frames.push(frame);
    if (frame.type === FRAME.HEADERS) this.requests.push(frame.id);
    this.onFrame?.(frame);
  }
}

/** A server on a free port of loopback whose connections a test scripts. */
export class RawServer implements AsyncDisposable {
  readonly peers: RawPeer[] = [];
  readonly #server: Server;

  private constructor(server: Server, onPeer: (peer: RawPeer) => void) {
    this.#server = server;
    server.on('connection', (socket) => {
      const peer = new RawPeer(socket);
      this.peers.push(peer);
      onPeer(peer);
    });
  }

  /** Starts it. `onPeer` is called with each connection, before its first bytes. */
  static async start(onPeer: (peer: RawPeer) => void): Promise<RawServer> {
    const server = new RawServer(createServer({ noDelay: true }), onPeer);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.peers) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A connection that answers SETTINGS and PING, and calls back with each whole request. */
export function serving(peer: RawPeer, onRequest: (id: number) => void, ...own: [number, number][]): void {
  peer.send(FRAME.SETTINGS, FLAG.NONE, 0, settings(...own));
  peer.onFrame = ({ type, flags, id, payload }) => {
    if (type === FRAME.SETTINGS && flags === FLAG.NONE) peer.send(FRAME.SETTINGS, FLAG.ACK, 0);
    if (type === FRAME.PING && flags === FLAG.NONE) peer.send(FRAME.PING, FLAG.ACK, 0, payload);
    if ((type === FRAME.DATA || type === FRAME.HEADERS) && (flags & FLAG.END_STREAM) !== 0) onRequest(id);
  };
}
