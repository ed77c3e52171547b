import type { Reach, WireStatus } from '@etcdts/core/plugin';
import { ERROR, errorName } from '@etcdts/framing';

// Numbers of gRPC.
const CANCELLED = 1;
const UNKNOWN = 2;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** The end of a call that went well. */
export const OK: WireStatus = Object.freeze({ code: 0, details: '', reach: 'sent' });

/** The end of a call whose connection ends. */
export function unavailable(details: string, reach: Reach): WireStatus {
  return { code: UNAVAILABLE, details, reach };
}

/** The end of a call whose peer breaks a rule. */
export function internal(details: string): WireStatus {
  return { code: INTERNAL, details, reach: 'sent' };
}

/** The end of a call that is answered with a message beyond the limit. */
function tooLarge(length: number, limit: number): WireStatus {
  const details = `received a message of ${length} bytes, and the limit is ${limit}`;
  return { code: RESOURCE_EXHAUSTED, details, reach: 'sent', tooLarge: true };
}

/** Why a message with this prefix is refused; `undefined` if it is accepted. */
export function refusal(flag: number, length: number, limit: number): WireStatus | undefined {
  if (flag !== 0) return internal('a message is compressed, which this client has not offered to accept');
  if (length > limit) return tooLarge(length, limit);
  return undefined;
}

/** The end of a call whose headers are beyond a limit. */
export function headersTooLarge(details: string, reach: Reach): WireStatus {
  return { code: RESOURCE_EXHAUSTED, details, reach };
}

/** The end of a call by trailers. `code` is NaN if it is no number of gRPC. */
export function trailersStatus(code: number, message: string): WireStatus {
  if (code === 0) return message === '' ? OK : { code, details: percentDecoded(message), reach: 'sent' };
  return { code, details: percentDecoded(message), reach: 'sent' };
}

/** The end of a call whose trailers have no status. */
export function noStatus(): WireStatus {
  return { code: UNKNOWN, details: 'the server sent no status', reach: 'sent' };
}

/** The end of a call that something else than gRPC has answered (gRPC's http-grpc-status-mapping). */
export function httpStatus(status: number, contentType: string): WireStatus {
  const details = `the server answered with HTTP status ${status}${contentType === '' ? '' : ` and ${contentType}`}, not with gRPC`;
  return { code: HTTP_CODES[status] ?? UNKNOWN, details, reach: 'sent' };
}

const HTTP_CODES: Readonly<Record<number, number>> = {
  400: INTERNAL,
  401: UNAUTHENTICATED,
  403: PERMISSION_DENIED,
  404: UNIMPLEMENTED,
  429: UNAVAILABLE,
  502: UNAVAILABLE,
  503: UNAVAILABLE,
  504: UNAVAILABLE,
};

/**
 * The end of a call by RST_STREAM (gRPC's PROTOCOL-HTTP2, Errors). REFUSED_STREAM promises that the peer has not processed the
 * call (RFC 9113, 8.7), which is not believed of one that has begun to answer. A code that the RFC does not define is as good as
 * INTERNAL_ERROR (RFC 9113, 7).
 */
export function resetStatus(error: number, answered: boolean): WireStatus {
  if (error === ERROR.REFUSED_STREAM) {
    return unavailable('the server refused the stream', answered ? 'sent' : 'refused');
  }
  return {
    code: RESET_CODES[error] ?? INTERNAL,
    details: `the server reset the stream: ${errorName(error)}`,
    reach: 'sent',
  };
}

const RESET_CODES: Readonly<Record<number, number>> = {
  [ERROR.CANCEL]: CANCELLED,
  [ERROR.ENHANCE_YOUR_CALM]: RESOURCE_EXHAUSTED,
  [ERROR.INADEQUATE_SECURITY]: PERMISSION_DENIED,
};

/** The text of a status, percent-encoded (gRPC's PROTOCOL-HTTP2, Responses). One that is encoded badly is shown as it came. */
function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
