import type { CallOptions, KeyValue } from '@etcdts/core';
import { keyValue, type RangeRequest, type RangeResponse } from '@etcdts/core/plugin';
import type { Copy } from './copy.ts';
import type { Entry } from './entry.ts';
import { compacted, future } from './errors.ts';
import { entriesIn, isWithin, placesOf, type Ordered } from './ordered.ts';
import { abandoned } from './waits.ts';

/** Reads from etcd. */
export type RemoteRange = (request: RangeRequest, options: CallOptions) => Promise<RangeResponse>;

/** How long a linearizable read waits for the copy before it goes to etcd. */
const PATIENCE_MS = 3_000;
const EMPTY: Buffer = Buffer.alloc(0);
/** Call options that a local answer honours. A read with any other goes to etcd. */
const HONOURED: ReadonlySet<string> = new Set(['signal', 'timeoutMs', 'requireLeader']);

/** Answers ranges from a copy, and hands on to etcd what the copy cannot answer. */
export class LocalRanges<T> {
  readonly #copy: Copy<T>;
  readonly #remote: RemoteRange;
  /** Whether a serializable read of a revision that the history does not have goes to etcd too. */
  readonly #transparent: boolean;
  /** The newest revision that was written through the same client. No later read of it gives an older state. */
  #written = 0n;

  constructor(copy: Copy<T>, remote: RemoteRange, transparent: boolean) {
    this.#copy = copy;
    this.#remote = remote;
    this.#transparent = transparent;
  }

  /** Notes a write to the range of the copy. */
  wrote(revision: bigint): void {
    if (revision > this.#written) this.#written = revision;
  }

  async range(request: RangeRequest, options: CallOptions): Promise<RangeResponse> {
    const local = this.#fits(request, options) ? await this.#local(request, options) : undefined;
    return local ?? (await this.#remote(request, options));
  }

  #fits(request: RangeRequest, options: CallOptions): boolean {
    const { limit, sortOrder, sortTarget, minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } =
      request;
    if (limit || minModRevision || maxModRevision || minCreateRevision || maxCreateRevision) return false;
    if (sortTarget !== undefined || (sortOrder !== undefined && sortOrder !== 'none')) return false;
    for (const [name, value] of Object.entries(options)) if (value !== undefined && !HONOURED.has(name)) return false;
    return this.#copy.store.header !== undefined && isWithin(placesOf(request), this.#copy.places);
  }

  async #local(request: RangeRequest, options: CallOptions): Promise<RangeResponse | undefined> {
    const { store } = this.#copy;
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.#copy.failure !== undefined) return undefined;
    const { revision = 0n, serializable = false } = request;
    if (revision > 0n) {
      const { exactFrom } = store.history;
      // A past state does not change, so that it is linearizable too.
      if (revision >= exactFrom && revision <= store.revision && (this.#copy.ready || serializable))
        return this.#answer(request, store.history.at(revision));
      if (!serializable || this.#transparent) return undefined;
      throw revision < exactFrom ? compacted(exactFrom) : future(revision);
    }
    if (serializable) {
      if (store.revision >= this.#written) return this.#answer(request, store.state);
      this.#copy.nudge();
      return undefined;
    }
    return (await this.#isCurrent(options)) ? this.#answer(request, store.state) : undefined;
  }

  /** Whether the copy has everything that was in the store when this was called. It waits for that. */
  async #isCurrent({ signal, timeoutMs }: CallOptions): Promise<boolean> {
    const copy = this.#copy;
    const { store } = copy;
    if (!copy.ready) return false;
    const seen = store.revision;
    const { epoch } = store;
    const isCurrentAt = (revision: bigint): boolean =>
      copy.ready && store.epoch === epoch && store.revision >= revision;
    try {
      const { clusterId, revision } = await abandoned(copy.storeRevision(), signal);
      // An older store is another one, or one that was restored.
      if (clusterId !== store.header?.clusterId || revision < seen) return false;
      if (isCurrentAt(revision)) return true;
      if (!copy.hasBookmarks) {
        copy.nudge();
        return false;
      }
      const patience = Math.min(PATIENCE_MS, timeoutMs === undefined ? Infinity : timeoutMs / 2);
      await copy.reach(revision, { signal, timeoutMs: patience }).catch((error: unknown) => {
        copy.silent ||= copy.ready && copy.failure === undefined && signal?.aborted !== true;
        throw error;
      });
      return isCurrentAt(revision);
    } catch {
      signal?.throwIfAborted();
      return false;
    }
  }

  #answer(request: RangeRequest, state: Ordered<Entry<T>>): RangeResponse {
    const { keysOnly = false, countOnly = false, rangeEnd } = request;
    const places = placesOf(request);
    const kvs: KeyValue[] = [];
    let count = 0;
    if (rangeEnd === undefined || rangeEnd.length === 0) {
      const { store } = this.#copy;
      const entry = state === store.state ? store.at(places.from) : state.get(places.from);
      if (entry !== undefined) count = countOnly ? 1 : kvs.push(copyOf(entry.kv, keysOnly));
    } else {
      for (const [, entry] of entriesIn(state, places)) {
        count += 1;
        if (!countOnly) kvs.push(copyOf(entry.kv, keysOnly));
      }
    }
    return { header: this.#copy.store.ownHeader(), kvs, more: false, count };
  }
}

/** A copy whose bytes the caller may change. */
export function copyOf(kv: KeyValue, keysOnly = false): KeyValue {
  const { createRevision, modRevision, version, lease } = kv;
  const value = keysOnly ? EMPTY : Buffer.from(kv.value);
  return keyValue({ key: Buffer.from(kv.key), value, createRevision, modRevision, version, lease });
}
