import { checkOptions, invalidArgument, type OptionChecks } from '@etcdts/core/plugin';

/** How one call is repeated. Options that a call's own `retry` leaves out are those of `retry()`. */
export interface RetryCallOptions {
  /** The largest number of tries, including the first: a whole number from 1. Defaults to 20. */
  maxAttempts?: number | undefined;
  /**
   * The longest pause before the first repeat, in milliseconds. It doubles with each further one, and each pause is random between
   * 0 and that. After the failure of one endpoint, the first repeat has no pause. Defaults to 25.
   */
  initialBackoffMs?: number | undefined;
  /** The longest pause of all, in milliseconds. Defaults to 1,000. */
  maxBackoffMs?: number | undefined;
  /**
   * How long the first try of a call that may always be repeated, such as a read, may take before it is tried elsewhere, in
   * milliseconds; at most half of the rest of the deadline. It doubles with each try that was too slow, and the last one has the
   * whole rest. Defaults to 2,000. With `Infinity`, the first try has the whole deadline, as it has if the call names its
   * endpoint or the client has only one.
   */
  attemptTimeoutMs?: number | undefined;
  /**
   * `unsent`, the default: a write is repeated only if the failed try provably had no effect. `at-least-once`: writes are repeated
   * like reads. A write may then be applied twice, and a successful compare-and-set may be reported as failed.
   */
  writes?: 'unsent' | 'at-least-once' | undefined;
}

/** The budget of repeats over all calls, which prevents retry storms. */
export interface RetryBudgetOptions {
  /** The repeats that each call adds to the budget. Defaults to 0.1. */
  ratio?: number | undefined;
  /** The repeats that each second adds. Defaults to 10. */
  perSecond?: number | undefined;
  /** The largest budget, and the one at the start. Defaults to 500. */
  burst?: number | undefined;
}

/** Options of `retry()`. */
export interface RetryOptions extends RetryCallOptions {
  /** The budget of all calls together. A call beyond it fails with its last error. `false` means no limit. */
  budget?: RetryBudgetOptions | false | undefined;
}

/** The options of a call with all defaults. */
export type Policy = { readonly [Name in keyof RetryCallOptions]-?: NonNullable<RetryCallOptions[Name]> };

const DEFAULTS: Policy = {
  maxAttempts: 20,
  initialBackoffMs: 25,
  maxBackoffMs: 1_000,
  attemptTimeoutMs: 2_000,
  writes: 'unsent',
};

const CALL_OPTIONS: OptionChecks<RetryCallOptions> = {
  maxAttempts: true,
  initialBackoffMs: true,
  maxBackoffMs: true,
  attemptTimeoutMs: true,
  writes: true,
};

/** Refuses unknown options of `retry()`. */
export function checkRetryOptions(options: RetryOptions): void {
  checkOptions<RetryOptions>(options, { ...CALL_OPTIONS, budget: true }, 'retry');
}

/** Checks the options of one call, like `resolvePolicy`. */
export function resolveCall(options: RetryCallOptions, base: Policy): Policy {
  if (typeof options !== 'object' || options === null) throw invalidArgument('retry', 'must be an object or false');
  checkOptions(options, CALL_OPTIONS, 'retry');
  return resolvePolicy(options, base);
}

/** Checks values and adds the defaults. The EtcdError of a wrong value names it. */
export function resolvePolicy(options: RetryCallOptions, base: Policy = DEFAULTS): Policy {
  const maxAttempts = options.maxAttempts ?? base.maxAttempts;
  const writes = options.writes ?? base.writes;
  if (!Number.isSafeInteger(maxAttempts) || maxAttempts < 1) {
    throw invalidArgument('retry.maxAttempts', `must be a whole number from 1, not ${String(maxAttempts)}`);
  }
  if (writes !== 'unsent' && writes !== 'at-least-once') {
    throw invalidArgument('retry.writes', `must be 'unsent' or 'at-least-once', not ${String(writes)}`);
  }
  return {
    maxAttempts,
    initialBackoffMs: atLeast(options.initialBackoffMs ?? base.initialBackoffMs, 'initialBackoffMs', 0),
    maxBackoffMs: atLeast(options.maxBackoffMs ?? base.maxBackoffMs, 'maxBackoffMs', 0),
    attemptTimeoutMs: atLeast(options.attemptTimeoutMs ?? base.attemptTimeoutMs, 'attemptTimeoutMs', 1, Infinity),
    writes,
  };
}

/** Returns the budget's options with all defaults. */
export function resolveBudget(options: RetryBudgetOptions): { [Name in keyof RetryBudgetOptions]-?: number } {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument('retry.budget', 'must be an object or false');
  checkOptions<RetryBudgetOptions>(options, { ratio: true, perSecond: true, burst: true }, 'retry.budget');
  return {
    ratio: atLeast(options.ratio ?? 0.1, 'budget.ratio', 0),
    perSecond: atLeast(options.perSecond ?? 10, 'budget.perSecond', 0),
    burst: atLeast(options.burst ?? 500, 'budget.burst', 1),
  };
}

function atLeast(value: number, name: string, minimum: number, maximum: number = Number.MAX_VALUE): number {
  if (typeof value !== 'number' || !(value >= minimum && value <= maximum)) {
    const kind = maximum === Infinity ? 'a number' : 'a finite number';
    throw invalidArgument(`retry.${name}`, `must be ${kind}, at least ${minimum}, not ${String(value)}`);
  }
  return value;
}
