import type { ResponseHeader } from '@etcdts/core';
import type { WatchCreateRequest } from '@etcdts/core/plugin';
import type { Copy } from './copy.ts';
import { isPassing, notRegistered } from './errors.ts';
import { sleep } from './sleep.ts';
import { abandoned } from './waits.ts';

/** Where a watch of a copy begins. */
export interface Start {
  /** The header of its creation. */
  readonly header: ResponseHeader;
  /** The first revision to give. */
  readonly next: bigint;
  /** Whether the history of the copy begins later. */
  readonly early: boolean;
}

/** The pause before etcd is read again. */
const AGAIN_MS = 200;
/** How long a watch of the past waits for what has happened by now. */
const PATIENCE_MS = 1_000;

/**
 * Finds where a watch begins. "Now" is what the store has, since the copy may be behind it. A start in the past waits for the copy to
 * be there too, so that what has happened so far comes together; but it does not need an etcd that answers.
 */
async function startOf<T>(copy: Copy<T>, request: WatchCreateRequest, signal: AbortSignal): Promise<Start> {
  const { startRevision = 0n } = request;
  const { store } = copy;
  const start = (header: ResponseHeader, next: bigint): Start => ({
    ...{ header, next },
    early: next <= store.history.exactFrom,
  });
  for (;;) {
    signal.throwIfAborted();
    try {
      const header = await abandoned(copy.storeRevision(), signal);
      const { revision } = header;
      if (startRevision > 0n && startRevision <= revision && store.revision < revision)
        await copy.reach(revision, { signal, timeoutMs: PATIENCE_MS });
      return start(header, startRevision > 0n ? startRevision : revision + 1n);
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      if (startRevision > 0n) return start(store.ownHeader(), startRevision);
      await sleep(AGAIN_MS, copy.site, signal);
    }
  }
}

/** As `startOf`, within a time. `ending` aborts it, too. */
export async function startWithin<T>(
  copy: Copy<T>,
  request: WatchCreateRequest,
  ending: AbortSignal,
  timeoutMs: number,
): Promise<Start> {
  const limit = new AbortController();
  const expire = (): void => limit.abort(notRegistered(timeoutMs));
  const timer = timeoutMs === Infinity ? undefined : copy.site.clock.after(timeoutMs, expire, true);
  const signal = AbortSignal.any([ending, limit.signal]);
  try {
    // Who makes a watch and cancels it in one go has made none.
    await Promise.resolve();
    const start = await startOf(copy, request, signal);
    signal.throwIfAborted();
    return start;
  } finally {
    timer?.cancel();
  }
}
