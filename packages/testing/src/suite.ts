import { checkOptions } from '@etcdts/core/plugin';
import { allowLeaks, countSkip, expectRun, failFile, guarded } from './file-run.ts';
import { toFailure } from './failure.ts';
import { suite as uvuSuite } from 'uvu';
import * as assert from 'uvu/assert';

export { assert };

/** Options of a suite. The limits apply to each of its tests and hooks. */
export interface SuiteOptions {
  /** How long a test may take in milliseconds, without its `each` hooks. Defaults to 20000. */
  readonly timeoutMs?: number;
  /** How long a hook may take in milliseconds. Defaults to 30000, because a hook may start a cluster. */
  readonly hookTimeoutMs?: number;
  /** The reason why this file may leave sockets, timers or child processes behind. Without a reason they fail the file. */
  readonly allowLeaks?: string;
}

/** The argument of a test function. */
export interface TestContext {
  /** The name of the test. */
  readonly name: string;
  /** Aborts at the end of the test: passed, failed or out of time. */
  readonly signal: AbortSignal;
  /** Ends this test and counts it as skipped, for a reason that is known only at run time. */
  skip(reason: string): never;
}

/** The body of a test. The test passes unless it throws or rejects. */
export type TestFunction = (context: TestContext) => unknown;
/** The body of a hook. If it throws or rejects, the suite fails. */
export type HookFunction = () => unknown;

/** Adds a hook that runs once, before the first test or after the last one. */
export interface Hook {
  (hook: HookFunction): void;
  /** Runs around each test instead of once. */
  each(hook: HookFunction): void;
}

/** A strict uvu suite. Call it to add a test, and `.run()` once at the end. */
export interface Suite {
  (name: string, test: TestFunction, options?: { readonly timeoutMs?: number }): void;
  /** Counts a test as skipped. The reason is required and is printed. */
  skip(name: string, reason: string, test?: TestFunction): void;
  /** Adds a hook that runs before the first test; `before.each`, before each. */
  readonly before: Hook;
  /** Adds a hook that runs after the last test; `after.each`, after each. */
  readonly after: Hook;
  /** Runs the tests, once. Without it the file fails. */
  run(): void;
}

class Skip extends Error {}

/**
 * Creates a suite, named after the unit under test. Names of tests state facts in the present tense.
 *
 * Unlike bare uvu, it fails with a non-zero exit code on a throwing hook, a thrown string, a rejection with `undefined`, an
 * uncaught error, a test past its deadline, a suite that is never `.run()`, and on anything that holds the process open 2 s after
 * the last test. `TEST_NAME=<regex>` runs only the tests whose `suite name` matches.
 */
export function suite(name: string, options: SuiteOptions = {}): Suite {
  checkOptions<SuiteOptions>(options, { timeoutMs: true, hookTimeoutMs: true, allowLeaks: 'string' });
  const { timeoutMs = 20_000, hookTimeoutMs = 30_000 } = options;
  const filter = process.env['TEST_NAME'] ? new RegExp(process.env['TEST_NAME']) : undefined;
  const inner = uvuSuite(name);
  const expected = expectRun(name);
  const hooks = { before: [], after: [], beforeEach: [], afterEach: [] } as Record<string, HookFunction[]>;
  let broken: Error | undefined;
  if (options.allowLeaks) allowLeaks();

  /** Runs all hooks of a kind, even after one has failed, and returns the first failure. */
  async function runHooks(kind: string): Promise<Error | undefined> {
    let first: Error | undefined;
    for (const hook of hooks[kind] ?? []) {
      try {
        await guarded(hook, hookTimeoutMs, `a ${kind} hook`);
      } catch (error) {
        first ??= toFailure(error, `${kind} hook: `);
      }
    }
    return first;
  }

  async function runTest(testName: string, fn: TestFunction, limitMs: number): Promise<void> {
    if (broken) throw broken;
    const over = new AbortController();
    const skip = (reason: string): never => {
      throw new Skip(reason);
    };
    let failure = await runHooks('beforeEach');
    try {
      const context = { name: testName, signal: over.signal, skip };
      if (!failure) await guarded(() => runBody(fn, context, `${name}: ${testName}`), limitMs, 'the test');
    } catch (error) {
      failure = toFailure(error);
    }
    over.abort();
    const afterEach = await runHooks('afterEach');
    if (failure ?? afterEach) throw failure ?? afterEach;
  }

  function test(testName: string, fn: TestFunction, own: { readonly timeoutMs?: number } = {}): void {
    checkOptions<{ readonly timeoutMs?: number }>(own, { timeoutMs: true });
    if (filter && !filter.test(`${name} ${testName}`)) return;
    inner(testName, () => runTest(testName, fn, own.timeoutMs ?? timeoutMs));
  }

  inner.before(async () => {
    broken = await runHooks('before');
  });
  inner.after(async () => {
    const failure = await runHooks('after');
    if (failure) failFile(`${name}: ${failure.message}\n${failure.stack ?? ''}`);
  });

  const hook = (once: string, each: string): Hook =>
    Object.assign((fn: HookFunction) => void hooks[once]?.push(fn), {
      each: (fn: HookFunction) => void hooks[each]?.push(fn),
    });
  return Object.assign(test, {
    before: hook('before', 'beforeEach'),
    after: hook('after', 'afterEach'),
    skip(testName: string, reason: string): void {
      if (typeof reason !== 'string' || reason === '')
        throw new TypeError(`skip "${testName}": give the reason, a string`);
      countSkip(`${name}: ${testName}: ${reason}`, false);
    },
    run(): void {
      inner.run();
      expected.ran();
    },
  });
}

async function runBody(fn: TestFunction, context: TestContext, where: string): Promise<void> {
  try {
    await fn(context);
  } catch (error) {
    if (!(error instanceof Skip)) throw error;
    countSkip(`${where}: ${error.message}`, true);
  }
}
