import { isDeepStrictEqual } from 'node:util';
import { checkOptions } from '@etcdts/core/plugin';

/** Options of `eventually`. */
export interface EventuallyOptions {
  /** How long to poll, in milliseconds. Defaults to 15000, so that its message comes before the deadline of a test. */
  readonly timeoutMs?: number;
  /** The pause between two polls in milliseconds. Defaults to 10. */
  readonly intervalMs?: number;
  /** What is expected, for the message of the failure. */
  readonly describe?: string | (() => string);
}

/**
 * Polls until the condition returns something truthy, and returns that.
 *
 * An exception of the condition counts as "not yet"; the last one becomes the cause of the failure.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  checkOptions<EventuallyOptions>(options, { timeoutMs: true, intervalMs: true, describe: true });
  const { timeoutMs = 15_000, intervalMs = 10, describe = String(condition) } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      const what = typeof describe === 'string' ? describe : describe();
      throw new Error(`still not so after ${timeoutMs} ms: ${what}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

/** A promise with its two functions, to hold a step of a test until another has happened. */
export interface Deferred<T> {
  /** The promise that the functions settle. */
  readonly promise: Promise<T>;
  /** Resolves it, once. */
  resolve(value: T): void;
  /** Rejects it, once. */
  reject(reason: unknown): void;
}

/** Creates a {@link Deferred}. */
export function deferred<T = void>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...(settle as Omit<Deferred<T>, 'promise'>) };
}

/**
 * The check of an expected error: a pattern for its message, its class, the values of some of its fields, or a function that
 * returns `false` or throws for a wrong error.
 */
export type ErrorCheck =
  RegExp | (new (...args: never[]) => Error) | Readonly<Record<string, unknown>> | ((error: never) => unknown);

/** Expects a promise, or what a function returns, to reject with a fitting error, and returns that error. */
export async function rejects<E = Error>(
  promise: PromiseLike<unknown> | (() => unknown),
  check?: ErrorCheck,
): Promise<E> {
  let value: unknown;
  try {
    value = await (typeof promise === 'function' ? promise() : promise);
  } catch (error) {
    if (check !== undefined) verify(error, check);
    return error as E;
  }
  throw new Error('expected a rejection, but it resolved', { cause: value });
}

function verify(error: unknown, check: ErrorCheck): void {
  const wrong = (what: string): Error =>
    new Error(`the wrong error was thrown, ${what}: ${String(error)}`, { cause: error });
  if (check instanceof RegExp) {
    if (!(error instanceof Error) || !check.test(error.message)) throw wrong(`its message does not match ${check}`);
  } else if (typeof check === 'object') {
    for (const [field, value] of Object.entries(check)) {
      const actual = (error as Record<string, unknown> | undefined)?.[field];
      const same = value instanceof RegExp ? value.test(String(actual)) : isDeepStrictEqual(actual, value);
      if (!same) throw wrong(`its ${field} is ${String(actual)}, not ${String(value)}`);
    }
  } else if (check.prototype instanceof Error || check === Error) {
    if (!(error instanceof check)) throw wrong(`it is no ${check.name}`);
  } else if ((check as (error: unknown) => unknown)(error) === false) throw wrong('the check refused it');
}
