import type { Call, InterceptorSite } from '@etcdts/core/plugin';

/** Time and chance, as repeats need them; tests bring their own. */
export interface Environment {
  /** Milliseconds on the clock of `Call.deadline`. */
  now(): number;
  /** From 0 up to, and without, 1. */
  random(): number;
  /** Calls back once; returns how to prevent it. */
  after(ms: number, callback: () => void): () => void;
}

// setTimeout fires at once for anything larger.
const LONGEST_MS = 2 ** 31 - 1;

/** The process's own. */
export const systemEnvironment: Environment = {
  now: () => performance.now(),
  random: Math.random,
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_MS));
    return () => clearTimeout(timer);
  },
};

/** Waits on behalf of a call: ends early with what ends the call, or with `early`, and leaves no timer. */
export async function sleep(
  ms: number,
  call: Call,
  site: InterceptorSite,
  environment: Environment,
  early?: Promise<void>,
): Promise<void> {
  if (ms === 0) return;
  let stop: (() => void) | undefined;
  const slept = new Promise<void>((resolve) => (stop = environment.after(ms, resolve)));
  await site.wait(call, early === undefined ? slept : Promise.race([slept, early])).finally(stop);
}
