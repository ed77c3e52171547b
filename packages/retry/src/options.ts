import { checkOptions, invalidArgument, type OptionChecks } from '@etcdts/core/plugin';

/** How one call is repeated. What a call's own `retry` leaves out is as `retry()` was told. */
export interface RetryCallOptions {
  /** How often a call is tried at most, the first time included: a whole number from 1. Defaults to 20. */
  maxAttempts?: number | undefined;
  /**
   * The longest pause before the first repeat; it doubles with each further one, and each pause is drawn at random between
   * nothing and that. After the failure of one endpoint the first repeat is made at once. Defaults to 25.
   */
  initialBackoffMs?: number | undefined;
  /** What the longest pause grows to. Defaults to 1,000. */
  maxBackoffMs?: number | undefined;
  /**
   * How long the first try of a call that may be repeated at any time, such as a read, may take before it is tried
   * elsewhere; at most half of what is left of the deadline. It doubles with each try that was too slow, and the last one
   * has all that is left. Defaults to 2,000; `Infinity` lets the first try have the whole deadline, as it has if the call
   * names its endpoint or the client knows only one.
   */
  attemptTimeoutMs?: number | undefined;
  /**
   * `unsent`, the default: a write is repeated only where the failed try provably had no effect. `at-least-once`: writes
   * are repeated as reads are. One may then be applied twice, and a compare-and-set that was won be answered as lost.
   */
  writes?: 'unsent' | 'at-least-once' | undefined;
}

/** How many repeats there may be, over all calls: the guard against retry storms. */
export interface RetryBudgetOptions {
  /** Repeats that each call adds to what may be spent. Defaults to 0.1. */
  ratio?: number | undefined;
  /** Repeats that each second adds. Defaults to 10. */
  perSecond?: number | undefined;
  /** Repeats that can be saved up, and are there at the start. Defaults to 500. */
  burst?: number | undefined;
}

/** Options of `retry()`. */
export interface RetryOptions extends RetryCallOptions {
  /** What all calls together may spend on repeats; a call beyond it fails with its last error. `false` for no limit. */
  budget?: RetryBudgetOptions | false | undefined;
}

/** How a call is repeated, with every default in place. */
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

/** Refuses what is no option of `retry()`. */
export function checkRetryOptions(options: RetryOptions): void {
  checkOptions<RetryOptions>(options, { ...CALL_OPTIONS, budget: true }, 'retry');
}

/** Checks the options of one call, as `resolvePolicy`. */
export function resolveCall(options: RetryCallOptions, base: Policy): Policy {
  if (typeof options !== 'object' || options === null) throw invalidArgument('retry', 'must be an object or false');
  checkOptions(options, CALL_OPTIONS, 'retry');
  return resolvePolicy(options, base);
}

/** Checks values and fills in what they leave out; the EtcdError of a wrong one names it. */
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

/** The budget's options with every default in place. */
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
