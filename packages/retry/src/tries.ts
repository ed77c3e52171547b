import { isEtcdError, type EtcdError } from '@etcdts/core';
import {
  backoffMs,
  failedAttempts,
  isLasting,
  withFields,
  type Call,
  type InterceptorSite,
  type Method,
} from '@etcdts/core/plugin';
import type { RetryBudget } from './budget.ts';
import { nextTry, type NextTry } from './failures.ts';
import type { Policy } from './options.ts';
import { isRead, mayAlwaysRepeat } from './safety.ts';

/** The parts of the tries of one call. */
export interface TriesParts {
  readonly policy: Policy;
  /** `undefined` means no limit. */
  readonly budget: RetryBudget | undefined;
  readonly site: InterceptorSite;
}

/** The tries of one call: their deadlines, the failures after which another follows, and the error that the caller gets. */
export class Tries<M extends Method> {
  readonly #call: Call<M>;
  readonly #parts: TriesParts;
  readonly #always: boolean;
  #avoid: readonly string[] | undefined;
  #tries = 1;
  #slow = 0;
  #sent = 0;
  #maybeApplied = false;

  constructor(call: Call<M>, parts: TriesParts) {
    this.#call = call;
    this.#parts = parts;
    this.#always = parts.policy.writes === 'at-least-once' || mayAlwaysRepeat(call as Call);
    this.#avoid = call.avoid;
  }

  /** Whether a failed try may have been applied. */
  get maybeApplied(): boolean {
    return this.#maybeApplied;
  }

  /** Returns the call of the present try. If `sliced`, it has only a part of the deadline, so that it can be tried again. */
  present(sliced: boolean): Call<M> {
    const deadline = sliced ? this.#slice() : this.#call.deadline;
    if (this.#tries === 1 && deadline === this.#call.deadline) return this.#call;
    const attempt = this.#call.attempt + this.#tries - 1;
    return { ...this.#call, deadline, attempt, avoid: this.#avoid };
  }

  /** Records a failure, and returns how long to wait before the next try. Throws if there is none. */
  pauseAfter(reason: unknown): number {
    const { signal, deadline, context } = this.#call;
    if (signal?.aborted) throw signal.reason;
    if (!isEtcdError(reason)) throw reason;
    this.#sent += reason.attempts;
    this.#maybeApplied ||= reason.outcome === 'unknown' && !isRead(this.#call as Call);
    const where = this.#whereNext(reason);
    if (where === undefined) throw this.#last(reason);

    const now = this.#parts.site.clock.now();
    const pause = this.#pause(where, reason);
    if (now + pause >= deadline || this.#parts.budget?.spend(now) === false) throw this.#last(reason);
    if (reason.code === 'DEADLINE_EXCEEDED') this.#slow++;
    if (where === 'elsewhere' && reason.endpoint !== undefined) this.#avoid = [...(this.#avoid ?? []), reason.endpoint];
    this.#tries++;
    context.set(failedAttempts, [...context.get(failedAttempts), reason]);
    return pause;
  }

  /** Returns the error of a stream that failed after its first message, which is final. */
  ended(reason: unknown): unknown {
    if (!isEtcdError(reason)) return reason;
    this.#sent += reason.attempts;
    return this.#last(reason);
  }

  #slice(): number {
    const { policy, budget, site } = this.#parts;
    const { deadline, endpoint } = this.#call;
    const { attemptTimeoutMs, maxAttempts } = policy;
    // A slice gives up a late answer for one from another endpoint. Here there is no other endpoint.
    if (endpoint !== undefined || site.endpointCount() < 2) return deadline;
    if (!this.#always || attemptTimeoutMs === Infinity || this.#tries >= maxAttempts) return deadline;
    const now = site.clock.now();
    if (budget?.affords(now) === false) return deadline;
    const left = deadline - now;
    return now + Math.min(attemptTimeoutMs * 2 ** this.#slow, this.#slow === 0 ? left / 2 : left);
  }

  #whereNext(error: EtcdError): NextTry | undefined {
    const { maxAttempts } = this.#parts.policy;
    if (this.#tries >= maxAttempts) return undefined;
    if (!this.#always && (this.#maybeApplied || error.outcome !== 'not-applied')) return undefined;
    const { endpoint } = this.#call;
    const asked =
      endpoint !== undefined || (error.endpoint !== undefined && this.#avoid?.includes(error.endpoint) === true);
    return isLasting(error) && asked ? undefined : nextTry(error);
  }

  /** A pause with full jitter; none after the first failure if only one endpoint failed, because there may be another one. */
  #pause(where: NextTry, error: EtcdError): number {
    if (this.#tries === 1 && where !== 'later' && error.endpoint !== undefined) return 0;
    const { initialBackoffMs, maxBackoffMs } = this.#parts.policy;
    const backoff = { firstMs: initialBackoffMs, longestMs: maxBackoffMs };
    return backoffMs(this.#tries, backoff, this.#parts.site.random);
  }

  /** Returns the error for the caller: the last one, for all tries. If the outcome of one of them is unknown, it stays unknown. */
  #last(error: EtcdError): EtcdError {
    const outcome = isRead(this.#call as Call) ? 'not-applied' : this.#maybeApplied ? 'unknown' : error.outcome;
    if (outcome === error.outcome && this.#sent === error.attempts) return error;
    const method = error.method ?? this.#call.method.label;
    return withFields(error, { outcome, method, attempts: this.#sent });
  }
}
