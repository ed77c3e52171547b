import type { EtcdOperations } from '@etcdts/core';
import { backoffMs, siteOf, type Backoff, type ClientSite } from '@etcdts/core/plugin';
import { arrival } from './arrival.ts';
import { isPassing } from './errors.ts';
import { readHead, type FreeItem } from './head.ts';
import type { Layout } from './layout.ts';
import { sleep, type Wait } from './waiting.ts';

/** Pauses after failures. */
const FAILURES: Backoff = { firstMs: 50, longestMs: 2_000, jitter: 0.5 };
/** Pauses of those who were too late for all the items that they had read. */
const LOSSES: Backoff = { firstMs: 2, longestMs: 50 };
/** The longest pause before an item that has just come is read, because it may have woken many. */
const WAKING_MS = 8;

/** Takes the first of these items that is still there. Resolves with `undefined` if none is. */
export type Claim<T> = (free: readonly FreeItem[]) => Promise<T | undefined>;

/** Takes the first item, and waits for one. What fails and was not applied is repeated for as long as the caller waits. */
export async function take<T>(client: EtcdOperations, layout: Layout, wait: Wait, claim: Claim<T>): Promise<T> {
  const site = siteOf(client);
  for (let losses = 0, failures = 0; ;) {
    const free = await available(client, layout, wait, site);
    try {
      const taken = await claim(free);
      if (taken !== undefined) return taken;
      await sleep(backoffMs(++losses, LOSSES, site.random), site, wait.signal);
    } catch (error) {
      if (!isPassing(error) || error.outcome === 'unknown') throw error;
      await sleep(backoffMs(++failures, FAILURES, site.random), site, wait.signal);
    }
  }
}

/** Takes the first item. Resolves with `undefined` if there is none. */
export async function tryTake<T>(
  client: EtcdOperations,
  layout: Layout,
  { signal, options }: Wait,
  claim: Claim<T>,
): Promise<T | undefined> {
  const site = siteOf(client);
  for (let losses = 1; ; losses++) {
    const { free } = await readHead(client, layout, { ...options, signal });
    if (free.length === 0) return undefined;
    const taken = await claim(free);
    if (taken !== undefined) return taken;
    await sleep(backoffMs(losses, LOSSES, site.random), site, signal);
  }
}

/** Waits until there are items, and reads the first of them. */
async function available(
  client: EtcdOperations,
  layout: Layout,
  { signal, options }: Wait,
  site: ClientSite,
): Promise<readonly FreeItem[]> {
  const call = { ...options, signal };
  for (let failures = 0; ;) {
    signal.throwIfAborted();
    try {
      const { free, revision } = await readHead(client, layout, call);
      if (free.length > 0) return free;
      failures = 0;
      await arrival(client, layout, revision, call);
      await sleep(site.random() * WAKING_MS, site, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      await sleep(backoffMs(++failures, FAILURES, site.random), site, signal);
    }
  }
}
