// Decides which failures end a watch, and which only interrupt it.
import { isEtcdError, type EtcdError } from '../errors.ts';
import { remedyOf } from '../failures.ts';

/**
 * The reaction to the end of a stream, or of one watch on it. `resume`: another stream. `fragment`: another stream that sends large
 * responses in fragments. `authenticate`: another stream after a new token. `fail`: an end with the error. `closed`: an end
 * without one, because this client was closed.
 */
export type Reaction = 'resume' | 'fragment' | 'authenticate' | 'fail' | 'closed';

/** Decides the reaction to the end of a stream. `proven` is whether its succession is proven. */
export function streamReaction(error: unknown, proven: boolean): Reaction {
  if (error === undefined) return 'resume';
  // An interceptor threw this. On first use it is a mistake and is reported; later it is a passing failure.
  if (!isEtcdError(error)) return proven ? 'resume' : 'fail';
  if (error.code === 'CLIENT_CLOSED') return 'closed';
  if (error.code === 'RESPONSE_TOO_LARGE') return 'fragment';
  // A wrong certificate is final. A certificate that worked before may be renewed.
  if (error.code === 'TLS_FAILED') return proven ? 'resume' : 'fail';
  return reactionOf(error);
}

/** Decides the reaction to a watch that etcd refused or cancelled. */
export function cancelReaction(error: EtcdError): Reaction {
  // For one watch, this code means that etcd gave no known reason. It would cancel the watch again.
  return error.code === 'WATCH_CANCELED' ? 'fail' : reactionOf(error);
}

function reactionOf(error: EtcdError): Reaction {
  const remedy = remedyOf(error);
  if (remedy === 'token') return 'authenticate';
  return remedy === 'none' ? 'fail' : 'resume';
}

/** How a stream ended, for the log. */
export function endedBy(error: unknown): string {
  if (error === undefined) return 'by the server';
  return isEtcdError(error) ? error.code : 'by an interceptor';
}
