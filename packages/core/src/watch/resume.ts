// What ends a watch, and what only interrupts it.
import { isEtcdError, type EtcdError } from '../errors.ts';
import { remedyOf } from '../failures.ts';

/**
 * What the end of a stream, or of one watch on it, asks for: another stream; another stream that sends large responses in
 * fragments; another stream after a new token; an end with the error; an end without one, because this client was closed.
 */
export type Verdict = 'resume' | 'fragment' | 'authenticate' | 'fail' | 'closed';

/** Judges how a stream ended; `proven` says whether this client has ever had a watch registered. */
export function streamVerdict(error: unknown, proven: boolean): Verdict {
  if (error === undefined) return 'resume';
  // Not ours: an interceptor threw. On a first use that is a mistake to show, later a passing failure to outlive.
  if (!isEtcdError(error)) return proven ? 'resume' : 'fail';
  if (error.code === 'CLIENT_CLOSED') return 'closed';
  if (error.code === 'RESPONSE_TOO_LARGE') return 'fragment';
  // A wrong certificate does not heal by itself; a certificate that worked before may be renewed.
  if (error.code === 'TLS_FAILED') return proven ? 'resume' : 'fail';
  return verdictOf(error);
}

/** Judges why etcd refused or cancelled one watch of a stream. */
export function cancelVerdict(error: EtcdError): Verdict {
  // Of one watch this code says that etcd gave no reason that is known: it would cancel the watch again.
  return error.code === 'WATCH_CANCELED' ? 'fail' : verdictOf(error);
}

function verdictOf(error: EtcdError): Verdict {
  const remedy = remedyOf(error);
  if (remedy === 'token') return 'authenticate';
  return remedy === 'none' ? 'fail' : 'resume';
}

/** How a stream ended, for the log. */
export function endedBy(error: unknown): string {
  if (error === undefined) return 'by the server';
  return isEtcdError(error) ? error.code : 'by an interceptor';
}
