import { DEADLINE, type CallHead } from './call.ts';
import type { RequestHead } from './request-head.ts';
import { readTimeout } from './timeout.ts';

/** The end of a call that is none of gRPC. */
export interface Refusal {
  readonly httpStatus: number;
  readonly code: number;
  readonly text: string;
}

const INVALID_ARGUMENT = 3;
const INTERNAL = 13;
/** A call with less time than this is over before it can be answered. */
const LEAST_MS = 0.01;
const GRPC = 'application/grpc';

/** What the headers of a request say of its call, and why it is refused, if it is, in the words of grpc-go (its `http2_server.go`). */
export function callHead(request: RequestHead): { readonly start: CallHead; readonly refusal?: Refusal } {
  const { path = '', token, authorization, encoding, contentType, contentLength, timeout, badBinary } = request;
  const type = answerType(contentType);
  const timeoutMs = timeout === undefined ? Infinity : readTimeout(timeout);
  const start = {
    path,
    token: (token ?? authorization)?.replace(/^Bearer /, ''),
    contentType: type ?? GRPC,
    encoding: encoding === 'identity' ? undefined : encoding,
    timeoutMs: typeof timeoutMs === 'number' ? timeoutMs : Infinity,
    contentLength,
  };
  const refused = (httpStatus: number, code: number, text: string): ReturnType<typeof callHead> => ({
    start,
    refusal: { httpStatus, code, text },
  });
  if (type === undefined) {
    return refused(415, INVALID_ARGUMENT, `invalid gRPC request content-type ${JSON.stringify(contentType)}`);
  }
  if (typeof timeoutMs === 'string') return refused(400, INTERNAL, `malformed grpc-timeout: ${timeoutMs}`);
  if (badBinary !== undefined) {
    const { name, value } = badBinary;
    const wrong = value.search(/[^0-9A-Za-z+/]/);
    const text = `malformed binary metadata ${JSON.stringify(value)} in header ${JSON.stringify(name)}`;
    return refused(400, INTERNAL, `${text}: illegal base64 data at input byte ${wrong < 0 ? value.length : wrong}`);
  }
  if (request.method !== 'POST') {
    const text = `Received a HEADERS frame with :method ${JSON.stringify(request.method)} which should be POST`;
    return refused(405, INTERNAL, text);
  }
  if (timeoutMs < LEAST_MS) return refused(200, DEADLINE.code, DEADLINE.message);
  return { start };
}

/** The content type of the answer to one of this type; `undefined` if it is none of gRPC's. */
function answerType(contentType: string): string | undefined {
  if (contentType === GRPC) return GRPC;
  const type = contentType.toLowerCase();
  if (!type.startsWith(GRPC) || !/^[+;]/.test(type.slice(GRPC.length))) return undefined;
  return `${GRPC}+${type.slice(GRPC.length + 1)}`;
}
