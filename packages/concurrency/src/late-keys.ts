import { isEtcdError, type CallOptions, type EtcdOperations } from '@etcdts/core';
import { onAbort, type ClientSite } from '@etcdts/core/plugin';
import type { Removals } from './removals.ts';
import { untilAnswered } from './repeat.ts';

/** How long a key is watched. A member that is paused for longer may still put it later. */
const REMEMBERED_MS = 600_000;
/** The largest number of watched keys. If there are more, the oldest is dropped. */
const MOST = 1_000;

/** The parts of the watch over late keys. */
export interface LateKeyParts {
  readonly client: EtcdOperations;
  readonly site: ClientSite;
  readonly signal: AbortSignal;
  readonly removals: Removals;
}

/** What has an own key of this process: a contender from its first request on, then its tenure. */
export interface Owner {
  /** The create revision of its key; `undefined` until it has entered. */
  revision: bigint | undefined;
  /** Whether a request of it may still put the key. */
  uncertain: boolean;
  /** Called when it has no key any more, or gives it up. */
  leave(): void;
}

/**
 * Own keys that may still come. A request whose answer was lost may wait in a member that is paused, and be applied after the key was
 * removed: it would hold a lock for nobody until the session ends. So the key is watched, and what comes without a contender of this
 * session is removed.
 */
export class LateKeys {
  readonly #parts: LateKeyParts;
  readonly #owners: Map<string, Set<Owner>> = new Map();
  readonly #watched: Map<string, AbortController> = new Map();

  constructor(parts: LateKeyParts) {
    this.#parts = parts;
  }

  /** Adds a contender that is about to put its key. */
  enter(key: Buffer): Owner {
    const name = key.toString('latin1');
    const owners = this.#owners.get(name) ?? new Set();
    this.#owners.set(name, owners);
    const owner: Owner = {
      revision: undefined,
      uncertain: false,
      leave: () => void (owners.delete(owner) && owners.size === 0 && this.#owners.delete(name)),
    };
    owners.add(owner);
    return owner;
  }

  /** Removes a key whose put is uncertain, and watches it from then on. */
  remove(key: Buffer, options: CallOptions): void {
    const onRemoved = (revision: bigint): void => this.watch(key, revision + 1n, options);
    this.#parts.removals.later({ key, revision: undefined, onRemoved }, options);
  }

  /** Watches a key, from the first revision that is not known of it. */
  watch(key: Buffer, from: bigint, options: CallOptions): void {
    const { signal, site } = this.#parts;
    const name = key.toString('latin1');
    if (signal.aborted || this.#watched.has(name)) return;
    const stop = new AbortController();
    this.#watched.set(name, stop);
    const timer = site.clock.after(REMEMBERED_MS, () => stop.abort());
    const ignore = onAbort(signal, () => stop.abort());
    // A watch that fails is given up: the lease still takes the key along.
    void this.#follow(key, from, { ...options, signal: stop.signal })
      .catch(() => {})
      .then(() => {
        timer.cancel();
        ignore();
        this.#watched.delete(name);
      });
    for (const oldest of this.#watched.values()) {
      if (this.#watched.size > MOST) oldest.abort();
      break;
    }
  }

  async #follow(key: Buffer, begin: bigint, options: CallOptions): Promise<void> {
    const { client, site } = this.#parts;
    for (let from = begin; ;) {
      try {
        for await (const { events } of client.watch(key, { ...options, startRevision: from, filters: ['delete'] }))
          for (const { kv } of events) this.#judge(key, kv.createRevision, options);
      } catch (error) {
        if (!isEtcdError(error, 'COMPACTED')) throw error;
      }
      const { header, kvs } = await untilAnswered(site, options, Infinity, (call) => client.kv.get(key, call));
      for (const { createRevision } of kvs) this.#judge(key, createRevision, options);
      from = header.revision + 1n;
    }
  }

  /** Removes a key that has come, unless a contender has it, or will find it. */
  #judge(key: Buffer, revision: bigint, options: CallOptions): void {
    const owners = [...(this.#owners.get(key.toString('latin1')) ?? [])];
    if (owners.some((one) => one.revision === undefined || one.revision === revision)) return;
    this.#parts.site.logger.debug('concurrency: a key is removed that etcd put after its contender had left');
    this.#parts.removals.later({ key, revision }, options);
  }
}
