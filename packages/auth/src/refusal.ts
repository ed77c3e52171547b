import { isEtcdError, remedyOf, type EtcdError } from '@etcdts/core';
import { backoffMs, serverError, type Backoff } from '@etcdts/core/plugin';

/**
 * A verdict on the token of a call. etcd gives them before it does anything (server/auth/store.go), so that writes may be
 * repeated too.
 */
export type TokenRefusal = EtcdError;

/** Whether etcd refused the token of a call, or the lack of one. */
export function isTokenRefusal(error: unknown): error is TokenRefusal {
  return isEtcdError(error) && remedyOf(error) === 'token';
}

/** Whether etcd cancelled a watch for the token of its stream, which it says in a message of a healthy stream. */
export function cancelsForToken(message: unknown): boolean {
  const { canceled, cancelReason } = message as { canceled?: boolean; cancelReason?: string };
  const code = canceled === true ? serverError(cancelReason ?? '') : undefined;
  return code !== undefined && remedyOf(code) === 'token';
}

const MOST_REPEATS = 8;
/** Users and roles are changing: the pauses are the whole ones, so that all repeats take 630 ms at least. */
const BACKOFF: Backoff = { firstMs: 10, longestMs: 1_000, jitter: 0 };

/**
 * How often one call is repeated after refusals: once with a token fetched because of it, and before that once with a token
 * that others have fetched already. An old auth revision says that users or roles were changed after the token was given,
 * or that the member asked has not heard of a change yet; such a call is repeated a few times, with pauses that double.
 */
export class Repeats {
  #count = 0;
  #renewed = false;

  /** Takes one repeat, and says how long to wait first, in milliseconds; `renewing`: a token has to be fetched for it. */
  take(refusal: TokenRefusal, renewing: boolean): number | undefined {
    const changing = refusal.code === 'AUTH_OLD_REVISION';
    if (this.#count === MOST_REPEATS || (this.#renewed && !changing)) return undefined;
    this.#renewed ||= renewing;
    // The first two come at once.
    return backoffMs(this.#count++ - 1, BACKOFF, Math.random);
  }
}
