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

/** What the tries of one call are made with. */
export interface TriesParts {
  readonly policy: Policy;
  /** `undefined` means no limit. */
  readonly budget: RetryBudget | undefined;
  readonly site: InterceptorSite;
}

/** The tries of one call: what each may take, which failures are followed by another, and what the caller hears at last. */
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

  /** Whether a try so far may have been applied, though it failed. */
  get maybeApplied(): boolean {
    return this.#maybeApplied;
  }

  /** The call as its present try makes it. `sliced`: it has a part of the deadline, where it can be tried again. */
  present(sliced: boolean): Call<M> {
    const deadline = sliced ? this.#slice() : this.#call.deadline;
    if (this.#tries === 1 && deadline === this.#call.deadline) return this.#call;
    const attempt = this.#call.attempt + this.#tries - 1;
    return { ...this.#call, deadline, attempt, avoid: this.#avoid };
  }

  /** Takes note of a failure, and returns how long to wait before the next try; throws where there is none. */
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

  /** The error of a stream that failed after its first message: that is the end of it. */
  ended(reason: unknown): unknown {
    if (!isEtcdError(reason)) return reason;
    this.#sent += reason.attempts;
    return this.#last(reason);
  }

  #slice(): number {
    const { policy, budget, site } = this.#parts;
    const { deadline, endpoint } = this.#call;
    const { attemptTimeoutMs, maxAttempts } = policy;
    // A slice gives up an answer that may be on its way, for one from elsewhere; here there is no elsewhere.
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

  /** Full jitter. At once, though, for the first time and where one endpoint failed: there may be another one. */
  #pause(where: NextTry, error: EtcdError): number {
    if (this.#tries === 1 && where !== 'later' && error.endpoint !== undefined) return 0;
    const { initialBackoffMs, maxBackoffMs } = this.#parts.policy;
    const backoff = { firstMs: initialBackoffMs, longestMs: maxBackoffMs };
    return backoffMs(this.#tries, backoff, this.#parts.site.random);
  }

  /** What the caller hears: the last error, for all tries. What one of them left unknown stays unknown. */
  #last(error: EtcdError): EtcdError {
    const outcome = isRead(this.#call as Call) ? 'not-applied' : this.#maybeApplied ? 'unknown' : error.outcome;
    if (outcome === error.outcome && this.#sent === error.attempts) return error;
    const method = error.method ?? this.#call.method.label;
    return withFields(error, { outcome, method, attempts: this.#sent });
  }
}
