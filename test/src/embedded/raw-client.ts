// A client of HTTP/2 that sends what a test scripts, frame by frame, right or wrong.
import { connect, type Socket } from 'node:net';
import { block, FLAG, FRAME, frameBytes, settings, type Frame } from '../http2/raw-peer.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const HEADER = 9;
const PREFIX = 5;

/** The header block of a call. */
export function request(path: string, ...more: readonly (readonly [name: string, value: string])[]): Buffer {
  return block(
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'etcd'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...more,
  );
}

/** A gRPC frame around a message. */
export function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The frames of a call: its headers, and one message that ends it. */
export function call(id: number, path: string, message: Buffer): Buffer {
  return Buffer.concat([
    frameBytes(FRAME.HEADERS, FLAG.END_HEADERS, id, request(path)),
    frameBytes(FRAME.DATA, FLAG.END_STREAM, id, framed(message)),
  ]);
}

/** A connection to a port of this machine, which has sent the preface. */
export class RawClient {
  readonly socket: Socket;
  /** How many frames of each type have come, and how many bytes of DATA. */
  readonly counts: number[] = Array.from({ length: 256 }, () => 0);
  dataBytes = 0;
  onFrame: ((frame: Frame) => void) | undefined;
  closed = false;
  #rest: Buffer = Buffer.alloc(0);

  constructor(port: number, ...own: readonly (readonly [id: number, value: number])[]) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => {}).on('close', () => (this.closed = true));
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.socket.write(PREFACE);
    this.write(frameBytes(FRAME.SETTINGS, FLAG.NONE, 0, settings(...own)));
  }

  count(type: number): number {
    return this.counts[type] as number;
  }

  write(bytes: Buffer): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  #read(chunk: Buffer): void {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (rest.length >= HEADER) {
      const end = HEADER + rest.readUIntBE(0, 3);
      if (rest.length < end) break;
      const [type, flags] = [rest[3] as number, rest[4] as number];
      this.counts[type] = this.count(type) + 1;
      if (type === FRAME.DATA) this.dataBytes += end - HEADER;
      this.onFrame?.({ type, flags, id: rest.readUInt32BE(5), payload: rest.subarray(HEADER, end) });
      rest = rest.subarray(end);
    }
    this.#rest = rest;
  }
}

/** The port of an endpoint. */
export function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));
}
