import { isEtcdError, type CallOptions } from '@etcdts/core';
import { untilAnswered } from './repeat.ts';
import type { SessionState } from './session-state.ts';

/** An own key, and the first revision that is not known of it yet. */
export interface WatchedKey {
  readonly key: Buffer;
  readonly revision: bigint;
  readonly from: bigint;
}

const DELETED = 'its key was deleted';

/**
 * Watches an own key. Calls `lost` once, when the key is deleted, or when that can no longer be seen. Returns the function that
 * stops the watch.
 */
export function watchOwnKey(
  state: SessionState,
  own: WatchedKey,
  options: CallOptions,
  lost: (why: string, cause?: unknown) => void,
): () => void {
  const stop = new AbortController();
  const until = { ...options, signal: stop.signal };
  untilLost(state, own, until).then(
    () => void (!stop.signal.aborted && lost(DELETED)),
    (error: unknown) => void (!stop.signal.aborted && lost('its key cannot be watched', error)),
  );
  return () => stop.abort();
}

async function untilLost(state: SessionState, own: WatchedKey, options: CallOptions): Promise<void> {
  const { client, site } = state;
  const { key, revision } = own;
  for (let { from } = own; ;) {
    try {
      const watch = client.watch(key, { ...options, startRevision: from, filters: ['put'] });
      for await (const { events } of watch) if (events.length > 0) return;
    } catch (error) {
      if (!isEtcdError(error, 'COMPACTED')) throw error;
    }
    const { header, kvs } = await untilAnswered(site, options, Infinity, (call) =>
      client.kv.get(key, { ...call, keysOnly: true }),
    );
    if (kvs[0]?.createRevision !== revision) return;
    from = header.revision + 1n;
  }
}
