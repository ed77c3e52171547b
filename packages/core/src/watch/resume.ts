// What ends a watch and what only interrupts it, and how long to wait before the next try.
import { backoffMs } from '../backoff.ts';
import { isEtcdError, type EtcdError } from '../errors.ts';

/**
 * What the end of a stream, or of one watch on it, asks for: another stream; another stream after a new token; an end
 * with the error; an end without one, because this client was closed.
 */
export type Verdict = 'resume' | 'authenticate' | 'fail' | 'closed';

// INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED: asked
// again, the answer is the same.
const FINAL_CODES: ReadonlySet<number> = new Set([3, 5, 6, 7, 9, 11, 12]);
const STALE_TOKEN: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'INVALID_AUTH_TOKEN',
  'AUTH_OLD_REVISION',
  'USER_EMPTY',
]);
/** Verdicts of one member, not of the cluster: another one may serve. */
const MEMBER_ONLY: ReadonlySet<string> = new Set([
  'NOT_SUPPORTED_FOR_LEARNER',
  'NOT_LEADER',
  'CLUSTER_VERSION_UNAVAILABLE',
]);

/** Judges how a stream ended; `proven` says whether this client has ever had a watch registered. */
export function streamVerdict(error: unknown, proven: boolean): Verdict {
  if (error === undefined) return 'resume';
  // Not ours: an interceptor threw. On a first use that is a mistake to show, later a passing failure to outlive.
  if (!isEtcdError(error)) return proven ? 'resume' : 'fail';
  if (error.code === 'CLIENT_CLOSED') return 'closed';
  if (STALE_TOKEN.has(error.code)) return 'authenticate';
  if (MEMBER_ONLY.has(error.code)) return 'resume';
  if (!proven && isTlsFailure(error)) return 'fail';
  return FINAL_CODES.has(error.grpcCode) ? 'fail' : 'resume';
}

/** Judges why etcd refused or cancelled one watch of a stream. */
export function cancelVerdict(error: EtcdError): Verdict {
  if (STALE_TOKEN.has(error.code)) return 'authenticate';
  return error.grpcCode === 14 || MEMBER_ONLY.has(error.code) ? 'resume' : 'fail';
}

// Bad certificates do not heal by themselves; waiting for them would look like a watch on which nothing happens.
function isTlsFailure(error: EtcdError): boolean {
  return /^(UNAVAILABLE: )?TLS/.test(error.message);
}

/** How a stream ended, for the log. */
export function endedBy(error: unknown): string {
  if (error === undefined) return 'by the server';
  return isEtcdError(error) ? error.code : 'by an interceptor';
}

const FIRST_MS = 10;
const LONGEST_MS = 1_000;

/** Waiting times between attempts: at once, then up to 25 ms, doubling to a second, each with full jitter. */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  next(): number {
    const failures = ++this.#failures;
    return failures === 1 ? this.#random() * FIRST_MS : backoffMs(failures, this.#random, LONGEST_MS);
  }

  reset(): void {
    this.#failures = 0;
  }
}
