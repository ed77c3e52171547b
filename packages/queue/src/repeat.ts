import { isEtcdError, type CallOptions, type EtcdOperations } from '@etcdts/core';
import { backoffMs, siteOf, type Backoff } from '@etcdts/core/plugin';
import { isPassing } from './errors.ts';
import { sleep } from './waiting.ts';

const BACKOFF: Backoff = { firstMs: 20, longestMs: 1_000, jitter: 0.5 };
/** How long the first try of a call may take, in milliseconds. The time doubles with each further try. */
const FIRST_TRY_MS = 2_000;
const LONGEST_TRY_MS = 10_000;

/** How long a call is repeated, and with what. */
export interface RepeatEffort {
  readonly options: CallOptions;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  /** A lease. When it has ended, what the call would do has come about, and no further try is made. */
  readonly until?: AbortSignal | undefined;
}

/** How long a try may take that is the `tries`-th, in milliseconds, if this time is left. */
export function tryMs(tries: number, leftMs: number): number {
  return Math.max(Math.min(FIRST_TRY_MS * 2 ** (tries - 1), LONGEST_TRY_MS, leftMs), 1);
}

/** How long to pause after as many tries, in milliseconds. */
export function pauseMs(tries: number, random: () => number): number {
  return backoffMs(tries, BACKOFF, random);
}

/** Sends a call that may be applied any number of times, until it is answered or the lease has ended. */
export async function untilAnswered(
  client: EtcdOperations,
  { options, signal, timeoutMs = Infinity, until }: RepeatEffort,
  send: (options: CallOptions) => Promise<unknown>,
): Promise<void> {
  const site = siteOf(client);
  const deadline = site.clock.now() + timeoutMs;
  for (let tries = 1; ; tries++) {
    try {
      await send({ ...options, signal, timeoutMs: tryMs(tries, deadline - site.clock.now()) });
      return;
    } catch (error) {
      if (!isEtcdError(error) || signal?.aborted === true) throw error;
      if (until?.aborted === true) return;
      const ms = pauseMs(tries, site.random);
      if (!isPassing(error) || site.clock.now() + ms >= deadline) throw error;
      await sleep(ms, site, signal);
    }
  }
}
