import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { queue } from './uvu-queue.ts';
import { toFailure } from './failure.ts';

/** How long the process may go on after the last test. */
const LEAK_GRACE_MS = 2_000;
/** How long a test goes on after an uncaught error. The test's own failure is often the cause of that error. */
const STRAY_GRACE_MS = 1_000;
/** Names the file descriptor on which the runner waits for a {@link FileReport} as JSON. */
const REPORT_FD = 'ETCDTS_TEST_REPORT_FD';

/** The report of a test file to the runner at the end of its process. */
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

/** Expects a suite to be run before the process ends. Its `.run()` calls `ran`. */
export function expectRun(name: string): { ran(): void } {
  observe();
  const entry = { name };
  unrun.add(entry);
  return { ran: () => void (unrun.delete(entry) && !running && start()) };
}

/** Counts a failure that belongs to no single test: an `after` hook, a leak, a suite that was never run. */
export function failFile(what: string): void {
  failures.push(what);
}

/** Counts a skipped test. `insideTest` means that uvu has already counted it as run. */
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
 * Runs one part of a test against a deadline. It rejects with the first failure: of the work, of the deadline, or an uncaught
 * error meanwhile. If an uncaught error came shortly before the work failed, it rejects with both.
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
      // An unhandled rejection is reported only after the microtasks. After one more turn it still counts for its own test.
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
  // The timer is unreferenced. A process that has nothing left to do ends at once, and that is the check.
  leakTimer = setTimeout(reportLeaks, LEAK_GRACE_MS).unref();
}

function reportLeaks(): void {
  // The public list has only kinds of resources. This private one has the addresses of sockets.
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

/** From the first suite on, this process is a test file. A process that only starts servers keeps its own errors and output. */
function observe(): void {
  if (observed) return;
  observed = true;
  process.on('uncaughtException', stray('uncaught exception'));
  process.on('unhandledRejection', stray('unhandled rejection'));
  process.on('exit', report);
}
