// An HTTP/2 server of Node in this process, and a client of bare frames, without a socket: what HPACK is compared with.
import { createServer, type ServerHttp2Session, type ServerHttp2Stream, type ServerOptions } from 'node:http2';
import { Duplex } from 'node:stream';

/** What one peer writes, the other reads. */
function duplexPair(): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const left: Duplex = make(() => right);
  const right: Duplex = make(() => left);
  return [left, right];
}

export const FRAME = { HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, GOAWAY: 7, CONTINUATION: 9 } as const;
export const FLAG = { ACK: 1, END_STREAM: 1, END_HEADERS: 4 } as const;

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** One frame, as it goes over the wire. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The payload of SETTINGS with SETTINGS_HEADER_TABLE_SIZE. */
export function tableSize(size: number): Buffer {
  const setting = Buffer.alloc(6);
  setting.writeUInt16BE(1, 0);
  setting.writeUInt32BE(size, 2);
  return setting;
}

export interface NodePeer {
  write(bytes: Buffer): void;
  close(): void;
}

export interface NodePeerOptions {
  readonly server: ServerOptions;
  onSession(session: ServerHttp2Session): void;
  onStream(stream: ServerHttp2Stream, rawHeaders: readonly string[]): void;
  onFrame(type: number, flags: number, stream: number, payload: Buffer): void;
}

/** Starts the server; the preface is written. */
export function nodePeer({ server: options, onSession, onStream, onFrame }: NodePeerOptions): NodePeer {
  const [near, far] = duplexPair();
  const server = createServer(options);
  let session: ServerHttp2Session | undefined;
  server.on('session', (one: ServerHttp2Session) => {
    session = one;
    onSession(one);
  });
  server.on('stream', (stream: ServerHttp2Stream, _headers: object, _flags: number, rawHeaders: unknown) =>
    onStream(stream, rawHeaders as string[]),
  );
  let rest: Buffer = Buffer.alloc(0);
  near.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9) {
      const end = 9 + rest.readUIntBE(0, 3);
      if (rest.length < end) break;
      onFrame(rest[3]!, rest[4]!, rest.readUInt32BE(5), rest.subarray(9, end));
      rest = rest.subarray(end);
    }
  });
  server.emit('connection', far);
  near.write(PREFACE);
  return {
    write: (bytes) => void near.write(bytes),
    close() {
      session?.destroy();
      near.destroy();
      far.destroy();
    },
  };
}
