import { isEtcdError } from '@etcdts/core';
import { onAbort, plainMessage } from '@etcdts/core/plugin';
import type { Copy, CopyListener } from './copy.ts';
import { isSameKeyValue, type Entry } from './entry.ts';
import { secondReader } from './errors.ts';
import { differences, keyOf, ordered, type Ordered } from './ordered.ts';

/** One change of a copy, typed. The key is a Buffer; values are those that `parse` made, and must not be changed. */
export type CacheChange<T> =
  | {
      /** The key was not there before. */
      readonly type: 'added';
      /** The key, as it is in etcd. */
      readonly key: Buffer;
      /** Its value. */
      readonly value: T;
      /** The revision of the write. */
      readonly revision: bigint;
    }
  | {
      /** The key was there before. */
      readonly type: 'changed';
      /** The key, as it is in etcd. */
      readonly key: Buffer;
      /** Its new value. */
      readonly value: T;
      /** Its value before. */
      readonly old: T;
      /** The revision of the write. */
      readonly revision: bigint;
    }
  | {
      /** The key is not there any more: deleted, or gone with its lease. */
      readonly type: 'deleted';
      /** The key, as it was in etcd. */
      readonly key: Buffer;
      /** Its last value. */
      readonly old: T;
      /** The revision of the deletion. */
      readonly revision: bigint;
    }
  | {
      /**
       * The changes before this one lead from the last known state to that of a revision, without what lay between: at the begin with
       * `initial`, after a new base, or for a reader that was too slow.
       */
      readonly type: 'resynced';
      /** The revision of the state that is reached. */
      readonly revision: bigint;
    };

/** Options of `changes`. */
export interface ChangesOptions {
  /** Whether it begins with an `added` for each key that is there. By default it begins with what happens from now on. */
  readonly initial?: boolean | undefined;
  /** Ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

type Result<T> = IteratorResult<CacheChange<T>, undefined>;
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
/** How many revisions are taken from the history at a time. */
const BATCH = 100;

/** The changes of a copy for one reader, who holds a state and a place in the history, and so never misses a change. */
export class Changes<T> implements AsyncIterable<CacheChange<T>>, CopyListener {
  readonly #copy: Copy<T>;
  /** The state that the reader has; `undefined` until it begins. */
  #state: Ordered<Entry<T>> | undefined;
  #revision = 0n;
  #epoch = 0;
  #pending: CacheChange<T>[] = [];
  #at = 0;
  readonly #readers: { resolve(result: Result<T>): void; reject(reason: unknown): void }[] = [];
  #failure: { readonly reason: unknown } | undefined;
  #ended = false;
  #taken = false;
  readonly #ignoreAbort: (() => void) | undefined;

  constructor(copy: Copy<T>, { initial = false, signal }: ChangesOptions) {
    this.#copy = copy;
    if (initial) this.#state = ordered();
    else if (copy.store.header !== undefined) this.#begin();
    // Without a base, the first one is the begin.
    copy.listeners.add(this);
    if (signal?.aborted === true) this.#end({ reason: signal.reason });
    else if (signal !== undefined)
      this.#ignoreAbort = onAbort(signal, () => (this.#pending.splice(0), this.#end({ reason: signal.reason })));
  }

  [Symbol.asyncIterator](): AsyncIterator<CacheChange<T>, undefined> {
    if (this.#taken) throw secondReader('what changes() returns', 'call changes() once for each reader');
    this.#taken = true;
    return {
      next: () =>
        new Promise((resolve, reject) => {
          this.#readers.push({ resolve, reject });
          this.#serve();
        }),
      return: async () => {
        this.#pending = [];
        this.#end();
        return DONE;
      },
    };
  }

  /** Called when the copy has changed, or has ended. */
  changed(): void {
    if (this.#state === undefined && this.#copy.store.header !== undefined) this.#begin();
    if (this.#readers.length > 0) this.#serve();
  }

  #begin(): void {
    const { store } = this.#copy;
    this.#state = store.state.clone();
    this.#revision = store.revision;
    this.#epoch = store.epoch;
  }

  #serve(): void {
    while (this.#readers.length > 0) {
      if (this.#at >= this.#pending.length && !this.#ended) this.#fill();
      const change = this.#pending[this.#at];
      if (change !== undefined) {
        this.#at += 1;
        this.#readers.shift()?.resolve({ done: false, value: change });
        continue;
      }
      if (!this.#ended) return;
      const reader = this.#readers.shift();
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure === undefined) reader?.resolve(DONE);
      else reader?.reject(failure.reason);
    }
  }

  /** Takes what has happened since from the history, or compares states if the history has not everything. */
  #fill(): void {
    const { store, failure } = this.#copy;
    this.#pending = [];
    this.#at = 0;
    if (this.#state !== undefined && store.header !== undefined) {
      const passed = this.#revision < store.history.readableFrom || this.#epoch !== store.epoch;
      if (passed) this.#compare(this.#state);
      else this.#follow();
    }
    if (this.#pending.length === 0 && failure !== undefined)
      this.#end(isEtcdError(failure.reason, 'CLIENT_CLOSED') ? undefined : failure);
  }

  #follow(): void {
    const { history } = this.#copy.store;
    for (;;) {
      const moments = history.after(this.#revision, BATCH);
      for (const { deltas, resync, revision, state } of moments) {
        for (const { place, before, after, revision: own } of deltas) this.#add(place, before, after, own);
        if (resync) this.#push({ type: 'resynced', revision });
        this.#revision = revision;
        this.#state = state;
      }
      // Changes of keys that cannot be parsed are none.
      if (moments.length === 0 || this.#pending.length > 0) return;
    }
  }

  #compare(state: Ordered<Entry<T>>): void {
    const { store } = this.#copy;
    for (const { place, before, after } of differences(state, store.state, isSameKeyValue))
      this.#add(place, before, after, after?.kv.modRevision ?? store.revision);
    this.#begin();
    this.#push({ type: 'resynced', revision: store.revision });
  }

  #add(place: string, before: Entry<T> | undefined, after: Entry<T> | undefined, revision: bigint): void {
    const key = keyOf(place);
    const [had, has] = [before?.valid === true, after?.valid === true];
    if (has && had) this.#push({ type: 'changed', key, value: after?.value as T, old: before?.value as T, revision });
    else if (has) this.#push({ type: 'added', key, value: after?.value as T, revision });
    else if (had) this.#push({ type: 'deleted', key, old: before?.value as T, revision });
  }

  #push(change: CacheChange<T>): void {
    this.#pending.push(plainMessage(change));
  }

  #end(failure?: { readonly reason: unknown }): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#ignoreAbort?.();
    this.#copy.listeners.delete(this);
    this.#state = undefined;
    this.#serve();
  }
}
