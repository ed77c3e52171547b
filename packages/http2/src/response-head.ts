import { CONNECTION_FIELDS, isFieldName, isFieldValue, type Field } from '@etcdts/framing';

/** What a header field of a response is to this package. */
const KIND = {
  OTHER: 0,
  STATUS: 1,
  GRPC_STATUS: 2,
  GRPC_MESSAGE: 3,
  CONTENT_TYPE: 4,
  CONTENT_LENGTH: 5,
  /** A field that makes the response malformed. */
  MALFORMED: 6,
} as const;

const KINDS: ReadonlyMap<string, number> = new Map([
  [':status', KIND.STATUS],
  ['grpc-status', KIND.GRPC_STATUS],
  ['grpc-message', KIND.GRPC_MESSAGE],
  ['content-type', KIND.CONTENT_TYPE],
  ['content-length', KIND.CONTENT_LENGTH],
  ...[...CONNECTION_FIELDS, 'te'].map((name) => [name, KIND.MALFORMED] as const),
]);

/** Classifies a field for {@link ResponseHead}. Called once for each entry of a table. */
export function classify(name: string, value: string): number {
  if (!isFieldValue(value)) return KIND.MALFORMED;
  // Of the pseudo-header fields, a response has only :status (RFC 9113, 8.3).
  return KINDS.get(name) ?? (isFieldName(name) ? KIND.OTHER : KIND.MALFORMED);
}

/** The fields of one header block of a response, as far as gRPC uses them. One object serves all blocks of a connection. */
export class ResponseHead {
  /** The HTTP status; 0 if there is none, as in trailers. */
  httpStatus = 0;
  /** The number of `grpc-status`; NaN if it is none, `undefined` if there is no such field. */
  grpcStatus: number | undefined;
  message = '';
  contentType = '';
  /** The number of `content-length`; -1 if there is none. */
  contentLength = -1;
  /** Why the block is malformed (RFC 9113, 8.1.1), as a clause; `undefined` if it is not. */
  malformed: string | undefined;
  #regular = false;

  /** Forgets the block before. */
  begin(): void {
    this.httpStatus = 0;
    this.grpcStatus = undefined;
    this.message = '';
    this.contentType = '';
    this.contentLength = -1;
    this.malformed = undefined;
    this.#regular = false;
  }

  readonly add = (field: Field): void => {
    const { kind } = field;
    if (kind === KIND.STATUS) return this.#status(field);
    this.#regular = true;
    if (kind === KIND.GRPC_STATUS) this.grpcStatus = field.number < 0 ? NaN : field.number;
    else if (kind === KIND.CONTENT_TYPE) this.contentType = field.value;
    else if (kind === KIND.GRPC_MESSAGE) this.message = field.value;
    else if (kind === KIND.CONTENT_LENGTH) this.#length(field);
    else if (kind === KIND.MALFORMED) this.malformed ??= `has the field ${JSON.stringify(field.name.slice(0, 64))}`;
  };

  /** Whether it is the head of an answer of gRPC: `application/grpc`, also with `+proto` or parameters. */
  get isGrpc(): boolean {
    return this.httpStatus === 200 && this.contentType.startsWith('application/grpc');
  }

  #status({ value, number }: Field): void {
    // Once, before all others, and three digits (RFC 9113, 8.3 and 8.3.2).
    if (this.#regular || this.httpStatus !== 0) this.malformed ??= 'has :status in the wrong place';
    if (value.length !== 3 || number < 100) this.malformed ??= 'has a :status that is no status';
    this.httpStatus = number;
  }

  #length({ number }: Field): void {
    if (number < 0 || (this.contentLength >= 0 && this.contentLength !== number)) {
      this.malformed ??= 'has a content-length that is no length';
    }
    this.contentLength = number;
  }
}
