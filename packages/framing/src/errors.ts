/** The error codes of HTTP/2 (RFC 9113, 7). */
export const ERROR = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const;

const NAMES: readonly string[] = Object.keys(ERROR);

/** The name of an error code, or the number of one that the RFC does not define. */
export function errorName(code: number): string {
  return NAMES[code] ?? `error ${code}`;
}

/** An error that ends a connection (RFC 9113, 5.4.1). `code` goes to the peer, in a GOAWAY; the message goes to the user. */
export class Http2Error extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'Http2Error';
    this.code = code;
  }
}

/** Why a peer ends the connection by GOAWAY, as a sentence. */
export function goAwayReason(code: number, text: string): string {
  const reason = [...(code === ERROR.NO_ERROR ? [] : [errorName(code)]), ...(text === '' ? [] : [text])].join(', ');
  return `the peer ends the connection${reason === '' ? '' : `: ${reason}`}`;
}

/** The error of a peer that breaks a rule of the protocol. */
export function protocolError(message: string): Http2Error {
  return new Http2Error(ERROR.PROTOCOL_ERROR, message);
}

/** Throws FRAME_SIZE_ERROR unless a frame has a size that its type permits (RFC 9113, 4.2). */
export function expectSize(fits: boolean, type: string, length: number): void {
  if (!fits) throw new Http2Error(ERROR.FRAME_SIZE_ERROR, `a frame ${type} of ${length} bytes`);
}
