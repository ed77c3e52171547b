import { resolveBudget, type RetryBudgetOptions } from './options.ts';

/**
 * What repeats may cost, over all calls: a bucket that calls and time fill and each repeat takes one from. Where everything
 * fails, it holds the load that repeats add to a small part of the load there is.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #perMs: number;
  readonly #burst: number;
  #saved: number;
  /** When time was last counted; `undefined` before the first repeat, when the bucket is full. */
  #at: number | undefined;

  constructor(options: RetryBudgetOptions) {
    const { ratio, perSecond, burst } = resolveBudget(options);
    this.#ratio = ratio;
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#saved = burst;
  }

  /** A call begins. */
  earn(): void {
    this.#saved = Math.min(this.#burst, this.#saved + this.#ratio);
  }

  /** Whether a repeat could be paid for now. */
  affords(now: number): boolean {
    this.#saved = Math.min(this.#burst, this.#saved + (now - (this.#at ?? now)) * this.#perMs);
    this.#at = now;
    return this.#saved >= 1;
  }

  /** Pays for a repeat; false where there is too little. */
  spend(now: number): boolean {
    if (!this.affords(now)) return false;
    this.#saved -= 1;
    return true;
  }
}
