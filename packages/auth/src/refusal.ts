import { isEtcdError, remedyOf, type EtcdError } from '@etcdts/core';
import { backoffMs, serverError, type Backoff } from '@etcdts/core/plugin';

/**
 * A verdict on the token of a call. etcd gives it before it executes anything (server/auth/store.go), so that writes may be
 * repeated too.
 */
export type TokenRefusal = EtcdError;

/** Whether etcd refused the token of a call, or the lack of one. */
export function isTokenRefusal(error: unknown): error is TokenRefusal {
  return isEtcdError(error) && remedyOf(error) === 'token';
}

/** Whether a message of a healthy stream reports that etcd cancelled a watch for the token of the stream. */
export function cancelsForToken(message: unknown): boolean {
  const { canceled, cancelReason } = message as { canceled?: boolean; cancelReason?: string };
  const code = canceled === true ? serverError(cancelReason ?? '') : undefined;
  return code !== undefined && remedyOf(code) === 'token';
}

const MOST_REPEATS = 8;
/** The pauses while users and roles change. They are not random, so that all repeats take at least 630 ms. */
const BACKOFF: Backoff = { firstMs: 10, longestMs: 1_000, jitter: 0 };

/**
 * Counts the repeats of one call after refusals: one with a token that is fetched because of it, and before that one with a
 * token that another call has already fetched. An old auth revision means that users or roles were changed after the token was
 * given, or that the member has not yet received a change; such a call is repeated a few times, with pauses that double.
 */
export class Repeats {
  #count = 0;
  #waits = 0;
  #renewed = false;

  /** The pause before a repeat with the same token, which the member may not know yet. It ends when the token is no longer young. */
  wait(): number {
    return backoffMs(++this.#waits, BACKOFF, Math.random);
  }

  /** Takes one repeat and returns the pause before it in milliseconds. `renewing` is whether a token must be fetched for it. */
  take(refusal: TokenRefusal, renewing: boolean): number | undefined {
    const changing = refusal.code === 'AUTH_OLD_REVISION';
    if (this.#count === MOST_REPEATS || (this.#renewed && !changing)) return undefined;
    this.#renewed ||= renewing;
    this.#waits = 0;
    // The first two repeats have no pause.
    return backoffMs(this.#count++ - 1, BACKOFF, Math.random);
  }
}
