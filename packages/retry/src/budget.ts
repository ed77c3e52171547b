import { resolveBudget, type RetryBudgetOptions } from './options.ts';

/**
 * The budget of repeats over all calls: a bucket that calls and time fill, and from which each repeat takes one. If everything
 * fails, it limits the added load of repeats to a small part of the load.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #perMs: number;
  readonly #burst: number;
  #saved: number;
  /** When time was last counted; `undefined` before the first repeat, while the bucket is full. */
  #at: number | undefined;

  constructor(options: RetryBudgetOptions) {
    const { ratio, perSecond, burst } = resolveBudget(options);
    this.#ratio = ratio;
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#saved = burst;
  }

  /** Called when a call begins. */
  earn(): void {
    this.#saved = Math.min(this.#burst, this.#saved + this.#ratio);
  }

  /** Whether the budget has enough for a repeat now. */
  affords(now: number): boolean {
    this.#saved = Math.min(this.#burst, this.#saved + (now - (this.#at ?? now)) * this.#perMs);
    this.#at = now;
    return this.#saved >= 1;
  }

  /** Takes a repeat from the budget. Returns false if there is too little. */
  spend(now: number): boolean {
    if (!this.affords(now)) return false;
    this.#saved -= 1;
    return true;
  }
}
