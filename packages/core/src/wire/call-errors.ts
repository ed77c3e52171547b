import { GRPC_FAILURES, type EtcdErrorCode, type Outcome } from '../error-codes.ts';
import { EtcdError, grpcCodeName, serverText } from '../errors.ts';
import { hinted } from '../hints.ts';
import { outcomeOf, serverError } from '../failures.ts';
import type { Method } from '../methods.ts';
import type { WireStatus } from '../transport/transport.ts';

// Texts of a gRPC server itself, which it sends before etcd has the request.
const NEVER_HANDLED = /^(?:(grpc: received message larger than max)|unknown (?:method|service) )/;

/** The EtcdError of a call that failed on the wire: etcd's own verdict by its text, otherwise gRPC's code. */
export function statusError(
  method: Method,
  status: WireStatus,
  endpoint: string | undefined,
  attempts: number,
): EtcdError {
  const [code, outcome] = judge(method, status);
  return new EtcdError({
    code,
    message: hinted(code, serverText(status.details) || 'no reason given'),
    outcome: method.safety === 'read' || status.reach !== 'sent' ? 'not-applied' : outcome,
    method: method.label,
    endpoint,
    attempts,
  });
}

// Some failures are visible only in the server's text. Only this function reads it; all others use the code.
function judge(method: Method, { code: number, details, reach, tooLarge }: WireStatus): [EtcdErrorCode, Outcome] {
  const byNumber = grpcCodeName(number);
  if (tooLarge === true) return ['RESPONSE_TOO_LARGE', outcomeOf('RESPONSE_TOO_LARGE')];
  // A call that never left has no text of a server.
  if (reach !== 'sent') return [byNumber, 'not-applied'];
  const verdict = serverError(details);
  if (verdict !== undefined) return [verdict, outcomeOf(verdict)];
  const refusal = NEVER_HANDLED.exec(details);
  if (refusal === null) return [byNumber, GRPC_FAILURES[byNumber][1]];
  if (refusal[1] === undefined) return [byNumber, 'not-applied'];
  // Requests on streams are small. There the text comes from a proxy, and is about a message of etcd's.
  return [method.kind === 'unary' ? 'REQUEST_TOO_LARGE' : 'RESPONSE_TOO_LARGE', 'not-applied'];
}

/** The EtcdError of a reply that cannot be understood. The request itself may have been executed. */
export function replyError(
  method: Method,
  reason: string,
  endpoint: string | undefined,
  attempts: number,
  cause?: unknown,
): EtcdError {
  return new EtcdError({
    code: 'INTERNAL',
    message: reason,
    outcome: method.safety === 'read' ? 'not-applied' : 'unknown',
    method: method.label,
    endpoint,
    attempts,
    cause,
  });
}

/** The EtcdError of a deadline. `sent` is whether anything may have left, or a text: why nothing has left on a connection. */
export function deadlineError(
  method: Method,
  sent: boolean | string,
  endpoint: string | undefined,
  attempts: number,
): EtcdError {
  const unsent =
    typeof sent === 'string' ? `not sent before the deadline; ${sent}` : 'no connection before the deadline';
  return new EtcdError({
    code: 'DEADLINE_EXCEEDED',
    message: sent === true ? 'no answer before the deadline' : unsent,
    outcome: sent === true && method.safety === 'write' ? 'unknown' : 'not-applied',
    method: method.label,
    endpoint,
    attempts,
  });
}

/** The EtcdError of a secret that would have gone over plain HTTP. Nothing was sent. */
export function insecureError(method: Method, endpoint: string, attempts: number): EtcdError {
  return new EtcdError({
    code: 'INSECURE_ENDPOINT',
    message: `secrets are not sent over plain HTTP to ${endpoint}: use https, or allow it if the network is trusted`,
    outcome: 'not-applied',
    method: method.label,
    endpoint,
    attempts,
  });
}
