import type { Encoder } from '@etcdts/framing';

type Fields = readonly (readonly [name: string, value: string])[];

const NEEDS_ESCAPE = /[^ -$&-~]/;

/** The text of a status, percent-encoded (gRPC's PROTOCOL-HTTP2, Responses). */
function percentEncoded(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  return [...Buffer.from(text)]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}

/** The header blocks of the responses on one connection. Most are the same ones again and again, of one byte a field. */
export class ResponseHeads {
  readonly #encoder: Encoder;
  readonly #blocks: Map<string, Buffer> = new Map();
  #version = -1;

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  /** The block in front of messages. It must be sent now: it may add to the table of the peer. So must all others. */
  head(contentType: string, encoding: string | undefined): Buffer {
    this.#forgetOld();
    const key = encoding === undefined ? contentType : `${contentType}\n${encoding}`;
    return this.#blocks.get(key) ?? this.#make(key, [...head(200, contentType), ...encoded(encoding)]);
  }

  /** The block behind messages. */
  trailers(code: number, text: string): Buffer {
    this.#forgetOld();
    if (code !== 0 || text !== '') return this.#encoder.encode(trailers(code, text));
    return this.#blocks.get(GOOD) ?? this.#make(GOOD, trailers(0, ''));
  }

  /** The only block of a call without messages. */
  trailersOnly(httpStatus: number, contentType: string, code: number, text: string): Buffer {
    return this.#encoder.encode([...head(httpStatus, contentType), ...trailers(code, text)]);
  }

  #make(key: string, fields: Fields): Buffer {
    const block = this.#encoder.encode(fields);
    // A client may name ever new types.
    if (this.#blocks.size >= MOST) this.#blocks.clear();
    // If it has changed the table, it is forgotten before the next use.
    this.#blocks.set(key, block);
    return block;
  }

  #forgetOld(): void {
    if (this.#encoder.version === this.#version) return;
    this.#version = this.#encoder.version;
    this.#blocks.clear();
  }
}

const GOOD = 'good';
const MOST = 32;

const head = (status: number, contentType: string): Fields => [
  [':status', String(status)],
  ['content-type', contentType],
];
const encoded = (encoding: string | undefined): Fields => (encoding === undefined ? [] : [['grpc-encoding', encoding]]);
// As grpc-go does, an empty text is sent as well.
const trailers = (code: number, text: string): Fields => [
  ['grpc-status', String(code)],
  ['grpc-message', percentEncoded(text)],
];
