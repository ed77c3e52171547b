// Frames of HTTP/2 as a peer makes and reads them. It shares no code with what is tested, but for the decoder of header blocks.
import { Decoder } from '@etcdts/framing';

/** A frame that the connection under test has sent. */
export interface FakeFrame {
  readonly type: string;
  readonly id: number;
  readonly flags: number;
  readonly payload: Buffer;
  /** The header fields, if it is a whole block. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

export const TYPES: readonly string[] = [
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'SETTINGS',
  'PUSH_PROMISE',
  'PING',
  'GOAWAY',
  'WINDOW_UPDATE',
  'CONTINUATION',
];

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;

/** The fields of a response's head, and of good trailers. */
export const GRPC: Fields = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];
export const GOOD: Fields = [['grpc-status', '0']];

export type Fields = readonly (readonly [name: string, value: string])[];

/** A frame of any type, right or wrong. */
function raw(type: number, flags: number, id: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(id, 5);
  return Buffer.concat([header, payload]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i));
  return bytes;
}

/** A header block without any table: literals that are never indexed (RFC 7541, 6.2.3). */
export function block(fields: Fields): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, 'latin1');
    const { length } = bytes;
    // An integer with a prefix of 7 bits (RFC 7541, 5.1).
    const prefix = length < 127 ? [length] : [127];
    for (let rest = length - 127; length >= 127; rest >>>= 7) {
      prefix.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    return Buffer.concat([Buffer.from(prefix), bytes]);
  };
  return Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.from([0x10]), text(name), text(value)])));
}

/** A gRPC frame around a message. */
function message(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

const headers = (id: number, fields: Fields, ends = false): Buffer =>
  raw(1, END_HEADERS | (ends ? END_STREAM : 0), id, block(fields));
const data = (id: number, bytes: Uint8Array, ends = false): Buffer => raw(0, ends ? END_STREAM : 0, id, bytes);

export const frame = {
  raw,
  message,
  headers,
  data,
  settings: (settings: Readonly<Record<number, number>> = {}): Buffer => {
    const payload = Object.entries(settings).map(([id, value]) => {
      const bytes = Buffer.alloc(6);
      bytes.writeUInt16BE(Number(id), 0);
      bytes.writeUInt32BE(value, 2);
      return bytes;
    });
    return raw(4, 0, 0, Buffer.concat(payload));
  },
  ping: (flags = 0): Buffer => raw(6, flags, 0, Buffer.from('payload8')),
  reset: (id: number, code: number): Buffer => raw(3, 0, id, numbers(code)),
  goAway: (last: number, code = 0, text = ''): Buffer =>
    raw(7, 0, 0, Buffer.concat([numbers(last, code), Buffer.from(text)])),
  windowUpdate: (id: number, increment: number): Buffer => raw(8, 0, id, numbers(increment)),
  /** The whole answer of a call: head, messages, trailers. */
  answer: (id: number, ...messages: readonly string[]): Buffer =>
    Buffer.concat([headers(id, GRPC), ...messages.map((one) => data(id, message(one))), headers(id, GOOD, true)]),
};

/** The length of the frame that begins here. */
export function frameLength(bytes: Buffer, at: number): number {
  return 9 + bytes.readUIntBE(at, 3);
}

/** Reads the frames of one connection, whose header blocks depend on those before. */
export class FakeReader {
  readonly #decoder: Decoder = new Decoder(4_096, 1_000_000, () => 0);
  #fragments: Buffer[] = [];

  /** Reads one whole frame. The fields of a block belong to its last frame. */
  read(bytes: Buffer): FakeFrame {
    const type = TYPES[bytes[3] as number] as string;
    const flags = bytes[4] as number;
    const id = bytes.readUInt32BE(5);
    const payload = bytes.subarray(9);
    if (type !== 'HEADERS' && type !== 'CONTINUATION') return { type, id, flags, payload };
    this.#fragments.push(payload);
    if ((flags & END_HEADERS) === 0) return { type, id, flags, payload };
    const whole = Buffer.concat(this.#fragments);
    this.#fragments = [];
    const fields: [string, string][] = [];
    this.#decoder.decode(whole, 0, whole.length, ({ name, value }) => void fields.push([name, value]));
    return { type, id, flags, payload, fields };
  }
}

/** Frames in short: `HEADERS 1`, `DATA 1 end`, with the number of RST_STREAM, WINDOW_UPDATE and GOAWAY. */
export function brief(frames: readonly FakeFrame[]): readonly string[] {
  return frames.map(({ type, id, flags, payload }) => {
    if (type === 'RST_STREAM' || type === 'WINDOW_UPDATE') return `${type} ${id} ${payload.readUInt32BE(0)}`;
    if (type === 'GOAWAY') return `${type} ${payload.readUInt32BE(4)}`;
    if (type === 'SETTINGS' || type === 'PING') return (flags & ACK) === 0 ? type : `${type} ack`;
    return `${type} ${id}${(flags & END_STREAM) === 0 ? '' : ' end'}`;
  });
}
