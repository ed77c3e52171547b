import type { KeptLease } from './kept-lease.ts';
import type { RenewalStream, Sent } from './renewal-stream.ts';

/** The longest time without an answer after which a stream counts as silent. */
const LONGEST_SILENCE_MS = 5_000;

/**
 * When an owed answer is late: if later ones have come, after a while; otherwise when its stream counts as silent. That time doubles
 * with each of the `silences` in a row, so that a slow server can still answer.
 */
export function lateAt(stream: RenewalStream<KeptLease>, owed: Sent<KeptLease>, silences: number): number {
  const { lease, sentAt } = owed;
  if (isOvertaken(stream, owed)) return sentAt + lease.repeatMs;
  return Math.max(stream.progressAt, sentAt) + Math.min(lease.patienceMs * 2 ** silences, LONGEST_SILENCE_MS);
}

/** Whether the answers to later renewals have come. */
export function isOvertaken(stream: RenewalStream<KeptLease>, owed: Sent<KeptLease>): boolean {
  return stream.answered > owed.place;
}
