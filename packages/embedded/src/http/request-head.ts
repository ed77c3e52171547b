import { CONNECTION_FIELDS, isFieldName, isFieldValue, type Field } from '@etcdts/framing';

/** What a header field of a request is to this server. */
const KIND = {
  OTHER: 0,
  METHOD: 1,
  SCHEME: 2,
  PATH: 3,
  AUTHORITY: 4,
  CONTENT_TYPE: 5,
  CONTENT_LENGTH: 6,
  TIMEOUT: 7,
  ENCODING: 8,
  TOKEN: 9,
  AUTHORIZATION: 10,
  /** Bytes in base64 that cannot be read. */
  BAD_BINARY: 11,
  /** A field that makes the request malformed. */
  MALFORMED: 12,
} as const;

const KINDS: ReadonlyMap<string, number> = new Map([
  [':method', KIND.METHOD],
  [':scheme', KIND.SCHEME],
  [':path', KIND.PATH],
  [':authority', KIND.AUTHORITY],
  ['content-type', KIND.CONTENT_TYPE],
  ['content-length', KIND.CONTENT_LENGTH],
  ['grpc-timeout', KIND.TIMEOUT],
  ['grpc-encoding', KIND.ENCODING],
  ['token', KIND.TOKEN],
  ['authorization', KIND.AUTHORIZATION],
  ...CONNECTION_FIELDS.map((name) => [name, KIND.MALFORMED] as const),
]);

// gRPC permits base64 with padding or without (PROTOCOL-HTTP2, Requests).
const BASE64 = /^(?:[0-9A-Za-z+/]{4})*(?:[0-9A-Za-z+/]{2}(?:==)?|[0-9A-Za-z+/]{3}=?)?$/;

/** Classifies a field for {@link RequestHead}. Called once for each entry of a table. */
export function classify(name: string, value: string): number {
  if (!isFieldValue(value)) return KIND.MALFORMED;
  const kind = KINDS.get(name);
  if (kind !== undefined) return kind;
  // RFC 9113, 8.2.2.
  if (name === 'te') return value === 'trailers' ? KIND.OTHER : KIND.MALFORMED;
  if (!isFieldName(name)) return KIND.MALFORMED;
  return name.endsWith('-bin') && !value.split(',').every((one) => BASE64.test(one.trim()))
    ? KIND.BAD_BINARY
    : KIND.OTHER;
}

/** The fields of one header block of a request, as far as gRPC and etcd use them. One object serves all blocks of a connection. */
export class RequestHead {
  /** The pseudo-header fields; `undefined` if they are not there, as in trailers. */
  method: string | undefined;
  scheme: string | undefined;
  path: string | undefined;
  authority: string | undefined;
  contentType = '';
  /** The number of `content-length`; -1 if there is none. */
  contentLength = -1;
  timeout: string | undefined;
  encoding: string | undefined;
  token: string | undefined;
  authorization: string | undefined;
  /** A field of bytes that cannot be read. */
  badBinary: Field | undefined;
  /** Why the block is malformed (RFC 9113, 8.1.1), as a clause; `undefined` if it is not. */
  malformed: string | undefined;
  #regular = false;

  /** Forgets the block before. */
  begin(): void {
    this.method = this.scheme = this.path = this.authority = undefined;
    this.contentType = '';
    this.contentLength = -1;
    this.timeout = this.encoding = this.token = this.authorization = undefined;
    this.badBinary = undefined;
    this.malformed = undefined;
    this.#regular = false;
  }

  /** Whether there is any pseudo-header field, which trailers have not (RFC 9113, 8.1). */
  get pseudo(): boolean {
    return (this.method ?? this.scheme ?? this.path ?? this.authority) !== undefined;
  }

  /** Takes the next field. */
  readonly add = (field: Field): void => {
    const { kind, value } = field;
    if (kind >= KIND.METHOD && kind <= KIND.AUTHORITY) return this.#pseudo(kind, value);
    this.#regular = true;
    switch (kind) {
      case KIND.OTHER:
        return;
      case KIND.CONTENT_TYPE:
        this.contentType = value;
        return;
      case KIND.CONTENT_LENGTH:
        return this.#length(field);
      case KIND.TIMEOUT:
        this.timeout = value;
        return;
      case KIND.ENCODING:
        this.encoding = value;
        return;
      case KIND.TOKEN:
        this.token ??= value;
        return;
      case KIND.AUTHORIZATION:
        this.authorization ??= value;
        return;
      case KIND.BAD_BINARY:
        this.badBinary = field;
        return;
      default:
        this.malformed ??= `has the field ${JSON.stringify(field.name.slice(0, 64))}`;
    }
  };

  /** A request has each once, before all other fields (RFC 9113, 8.3). */
  #pseudo(kind: number, value: string): void {
    if (this.#regular) this.malformed ??= 'has a pseudo-header field behind a regular one';
    if (kind === KIND.METHOD) this.method = this.#once(this.method, value);
    else if (kind === KIND.SCHEME) this.scheme = this.#once(this.scheme, value);
    else if (kind === KIND.PATH) this.path = this.#once(this.path, value);
    else this.authority = this.#once(this.authority, value);
  }

  #once(before: string | undefined, value: string): string {
    if (before !== undefined) this.malformed ??= 'has a pseudo-header field twice';
    return value;
  }

  #length({ number }: Field): void {
    if (number < 0 || (this.contentLength >= 0 && this.contentLength !== number)) {
      this.malformed ??= 'has a content-length that is no length';
    }
    this.contentLength = number;
  }
}
