import { serverError, type Outcome } from '../error-codes.ts';
import { EtcdError, grpcCodeName, serverText } from '../errors.ts';
import type { Method } from '../methods.ts';
import type { WireStatus } from '../transport/transport.ts';

// Verdicts that gRPC's own server gives before etcd sees the request.
const NEVER_HANDLED = /^(grpc: received message larger than max|unknown (method|service) )/;

/** What a failed call may have done to the store. The code alone says little: UNAVAILABLE is no "not applied". */
function outcomeOf(method: Method, status: WireStatus): Outcome {
  if (method.safety === 'read' || status.reach !== 'sent') return 'not-applied';
  return NEVER_HANDLED.test(status.details) ? 'not-applied' : 'unknown';
}

/** The EtcdError of a call that ended badly on the wire: etcd's own verdict by its text, else gRPC's code. */
export function statusError(
  method: Method,
  status: WireStatus,
  endpoint: string | undefined,
  attempts: number,
): EtcdError {
  const known = status.reach === 'sent' ? serverError(status.details) : undefined;
  const shared = {
    method: method.label,
    endpoint,
    attempts,
    message: serverText(status.details) || 'no reason given',
  };
  if (known !== undefined) {
    const [code, grpcCode, outcome] = known;
    return new EtcdError({ ...shared, code, grpcCode, outcome: method.safety === 'read' ? 'not-applied' : outcome });
  }
  return new EtcdError({
    ...shared,
    code: grpcCodeName(status.code),
    grpcCode: Number.isInteger(status.code) && status.code > 0 && status.code <= 16 ? status.code : 2,
    outcome: outcomeOf(method, status),
  });
}

/** The EtcdError of a reply that came, and cannot be understood: the request itself has been carried out, or may have. */
export function replyError(
  method: Method,
  reason: string,
  endpoint: string | undefined,
  attempts: number,
  cause?: unknown,
): EtcdError {
  return new EtcdError({
    code: 'INTERNAL',
    grpcCode: 13,
    message: reason,
    outcome: method.safety === 'read' ? 'not-applied' : 'unknown',
    method: method.label,
    endpoint,
    attempts,
    cause,
  });
}

/** The EtcdError of a deadline. */
export function deadlineError(
  method: Method,
  sent: boolean,
  endpoint: string | undefined,
  attempts: number,
): EtcdError {
  return new EtcdError({
    code: 'DEADLINE_EXCEEDED',
    grpcCode: 4,
    message: sent ? 'no answer before the deadline' : 'no connection before the deadline',
    outcome: sent && method.safety === 'write' ? 'unknown' : 'not-applied',
    method: method.label,
    endpoint,
    attempts,
  });
}

/** The EtcdError of a secret that would have gone over plain HTTP: nothing was sent. */
export function insecureError(method: Method, endpoint: string, attempts: number): EtcdError {
  return new EtcdError({
    code: 'INSECURE_ENDPOINT',
    grpcCode: 9,
    message: `secrets are not sent over plain HTTP to ${endpoint}: use https, or allow it where the network is trusted`,
    outcome: 'not-applied',
    method: method.label,
    endpoint,
    attempts,
  });
}
