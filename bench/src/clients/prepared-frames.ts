// The floor of a put: a socket of Node and frames that were made before. What remains is the server, the kernel and Node's event loop.
import { connect } from 'node:net';
import { grpcFrame } from '../fake/answers.ts';
import { Flag, FrameReader, FrameType, HEADER_BYTES, frame, windowUpdate } from '../fake/frames.ts';
import { fields } from '../fake/messages.ts';
import { VALUE } from '../workload.ts';
import type { Subject, Target } from './subject.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** Enough for every answer of a run, so that no window is ever given back. */
const WINDOW = 2 ** 30;
const POST = 0x83;
const HTTP = 0x86;

/** A header that enters no table (RFC 7541, 6.2.2). */
function literal(name: string, value: string): Buffer {
  return Buffer.from([0, name.length, ...Buffer.from(name), value.length, ...Buffer.from(value)]);
}

const HEADERS = Buffer.concat([
  Buffer.from([POST, HTTP]),
  literal(':path', '/etcdserverpb.KV/Put'),
  literal(':authority', 'etcd'),
  literal('content-type', 'application/grpc'),
  literal('te', 'trailers'),
]);

/** A PutRequest (rpc.proto). The length of a value of 128 bytes takes two. */
function putRequest(key: string): Buffer {
  return grpcFrame(Buffer.from([0x0a, key.length, ...Buffer.from(key), 0x12, 0x80, 0x01]), VALUE);
}

interface Waiting {
  message: Buffer | undefined;
  readonly resolve: (revision: bigint) => void;
  readonly reject: (error: Error) => void;
}

/** A client of puts with one value, and of nothing else. */
export function preparedFrames({ address }: Target): Subject {
  const { hostname, port } = new URL(`http://${address.replace(/^http:\/\//, '')}`);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const prepared = new Map<string, Buffer>();
  const waiting = new Map<number, Waiting>();
  let next = 1;
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FrameType.settings, 0, 0, Buffer.alloc(0))]));
  socket.write(windowUpdate(0, WINDOW));

  const reader = new FrameReader((type, flags, stream, bytes, start, end) => {
    if (type === FrameType.settings && (flags & Flag.ack) === 0) {
      socket.write(frame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0)));
    } else if (type === FrameType.ping && (flags & Flag.ack) === 0) {
      socket.write(frame(FrameType.ping, Flag.ack, 0, bytes.subarray(start, end)));
    }
    const call = waiting.get(stream);
    if (call === undefined) return;
    if (type === FrameType.data) call.message = Buffer.from(bytes.subarray(start + 5, end));
    if (type === FrameType.rstStream || (type === FrameType.headers && (flags & Flag.endStream) !== 0)) {
      waiting.delete(stream);
      if (call.message === undefined) call.reject(new Error('a put has failed'));
      else call.resolve(revisionOf(call.message));
    }
  }, 0);
  socket.on('data', (chunk) => reader.push(chunk));

  const framesOf = (key: string): Buffer => {
    let frames = prepared.get(key);
    if (frames === undefined) {
      const head = frame(FrameType.headers, Flag.endHeaders, 0, HEADERS);
      frames = Buffer.concat([head, frame(FrameType.data, Flag.endStream, 0, putRequest(key))]);
      prepared.set(key, frames);
    }
    return frames;
  };
  const lacking = (): Promise<never> => Promise.reject(new Error('the prepared frames are of puts'));
  return {
    cut: 0,
    put: (key) =>
      new Promise((resolve, reject) => {
        const frames = Buffer.from(framesOf(key));
        frames.writeUInt32BE(next, 5);
        frames.writeUInt32BE(next, HEADER_BYTES + HEADERS.length + 5);
        waiting.set(next, { message: undefined, resolve, reject });
        next += 2;
        socket.write(frames);
      }),
    get: lacking,
    txn: lacking,
    range: lacking,
    close: () => void socket.destroy(),
  };
}

/** The revision in the header of a PutResponse. */
function revisionOf(message: Buffer): bigint {
  let revision = 0n;
  fields(message, (field, _, header) => {
    if (field === 1) fields(header, (inner, value) => void (inner === 3 && (revision = value)));
  });
  return revision;
}
