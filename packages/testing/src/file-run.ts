import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { queue } from './uvu-queue.ts';
import { toFailure } from './failure.ts';

/** How long after the last test the process may take to have nothing left to do. */
const LEAK_GRACE_MS = 2_000;
/** How long a test goes on after an error that nobody caught: what it fails with itself is often the cause of that one. */
const STRAY_GRACE_MS = 1_000;
/** Names the file descriptor on which the runner waits for a {@link FileReport} as JSON. */
const REPORT_FD = 'ETCDTS_TEST_REPORT_FD';

/** What a test file tells the runner when its process ends. */
export interface FileReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const started = performance.now();
const failures: string[] = [];
const skips: string[] = [];
const unrun = new Set<{ readonly name: string }>();
let total = 0;
let passed = 0;
let running = false;
let leaksAllowed = false;
let leakTimer: NodeJS.Timeout | undefined;
let strayFailure: ((failure: Error) => void) | undefined;

/** Expects a suite to be run before the process ends; `ran` is called by its `.run()`. */
export function expectRun(name: string): { ran(): void } {
  observe();
  const entry = { name };
  unrun.add(entry);
  return { ran: () => void (unrun.delete(entry) && !running && start()) };
}

/** Counts a failure that belongs to no single test: of an `after` hook, a leak, a suite that never ran. */
export function failFile(what: string): void {
  failures.push(what);
}

/** Counts a skipped test; `insideTest` when uvu has already counted it among those that ran. */
export function countSkip(what: string, insideTest: boolean): void {
  skips.push(what);
  if (!insideTest) return;
  total--;
  passed--;
}

/** Turns the leak check of this file off. */
export function allowLeaks(): void {
  leaksAllowed = true;
}

/**
 * Runs one piece of a test against a deadline, and rejects with whatever fails first: the work, the clock, or an error
 * that nobody caught while it ran; with both where that error came shortly before the work failed.
 */
export async function guarded(work: () => unknown, timeoutMs: number, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let grace: NodeJS.Timeout | undefined;
  let stray: Error | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      strayFailure = (failure) => {
        stray ??= failure;
        grace ??= setTimeout(() => reject(stray), STRAY_GRACE_MS);
      };
      timer = setTimeout(() => reject(stray ?? new Error(`${what} took longer than ${timeoutMs} ms`)), timeoutMs);
      // An unhandled rejection surfaces only after the microtasks, so give it one turn to be blamed on its own test.
      const settle = async (): Promise<void> => {
        await work();
        await new Promise((turn) => setImmediate(turn));
        if (stray !== undefined) throw stray;
      };
      settle().then(resolve, (reason: unknown) => {
        const failure = toFailure(reason);
        if (stray !== undefined && stray !== failure) failure.message += `\nand ${stray.message}\n${stray.stack ?? ''}`;
        reject(failure);
      });
    });
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    strayFailure = undefined;
  }
}

function start(): void {
  running = true;
  clearTimeout(leakTimer);
  setImmediate(() => void drain());
}

async function drain(): Promise<void> {
  for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
    const [errors, ok, , all] = await run();
    total += all;
    passed += ok;
    if (errors !== true) process.stdout.write(`\n${errors}\n`);
  }
  running = false;
  if (leaksAllowed) process.exit();
  // Unreferenced: a process that has nothing left to do ends at once, and that it does is the check.
  leakTimer = setTimeout(reportLeaks, LEAK_GRACE_MS).unref();
}

function reportLeaks(): void {
  // The public list names only kinds of resources; this one knows where a socket leads.
  const handles = (process as unknown as { _getActiveHandles(): object[] })._getActiveHandles();
  const sockets = handles.flatMap((handle) =>
    handle instanceof Socket && handle.remotePort ? `to ${handle.remoteAddress}:${handle.remotePort}` : [],
  );
  const open = process.getActiveResourcesInfo().filter((name) => !/^(CloseReq|TTYWrap)$/.test(name));
  failFile(`left open ${LEAK_GRACE_MS} ms after the last test: ${[...open, ...sockets].join(', ')}`);
  process.exit();
}

function stray(origin: string) {
  return (reason: unknown): void => {
    const failure = toFailure(reason, `${origin}: `);
    if (strayFailure) strayFailure(failure);
    else failFile(`${failure.message}\n${failure.stack ?? ''}`);
  };
}

function report(code: number): void {
  if (running) failures.push('the process ended in the middle of a test');
  for (const { name } of unrun) failures.push(`suite "${name}" was never run: its .run() is missing`);
  const failed = total - passed + failures.length;
  if (failed === 0 && code !== 0) failures.push(`the process ended with code ${code}`);
  const result: FileReport = { passed, failed: total - passed + failures.length, skipped: skips.length };
  const lines = [
    ...skips.map((what) => `  skipped: ${what}`),
    ...failures.map((what) => `   FAIL  ${what}`),
    `  Total:     ${total}`,
    `  Passed:    ${passed}`,
    `  Failed:    ${result.failed}`,
    `  Skipped:   ${skips.length}`,
    `  Duration:  ${Math.round(performance.now() - started)} ms`,
  ];
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
  const fd = process.env[REPORT_FD];
  if (fd) writeSync(Number(fd), JSON.stringify(result));
  if (result.failed > 0) process.exitCode = 1;
}

let observed = false;

/** From the first suite on this process is a test file; one that only starts servers keeps its own errors and output. */
function observe(): void {
  if (observed) return;
  observed = true;
  process.on('uncaughtException', stray('uncaught exception'));
  process.on('unhandledRejection', stray('unhandled rejection'));
  process.on('exit', report);
}
