import { isEtcdError, type ResponseHeader, type WatchEvent, type WatchResponse, type WatchStream } from '@etcdts/core';
import { keyValue, onAbort, watchEvent, type WatchCreateRequest, type WatchServiceOptions } from '@etcdts/core/plugin';
import type { Copy, CopyListener } from './copy.ts';
import type { Delta } from './entry.ts';
import { cancelled, closed, clusterReset, compacted, isPassing, notRegistered, secondReader } from './errors.ts';
import { copyOf } from './local-range.ts';
import { isIn, placesOf, type Places } from './ordered.ts';
import { sleep } from './sleep.ts';

type Result = IteratorResult<WatchResponse, undefined>;
interface Reader {
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
/** How many revisions go into one response. */
const BATCH = 1_000;
const AGAIN_MS = 200;
/** How long a watch of the past waits for what has happened by now. */
const PATIENCE_MS = 1_000;

/**
 * A watch that a copy serves from its history: a place in it, so that a slow reader costs no memory. It ends with `COMPACTED` once the
 * history has passed it, and with `CLUSTER_RESET` if the copy is of another store.
 */
export class LocalWatch<T> implements WatchStream, CopyListener {
  readonly #copy: Copy<T>;
  readonly #request: WatchCreateRequest;
  readonly #places: Places;
  readonly #created: Promise<ResponseHeader>;
  readonly #ending = new AbortController();
  readonly #readers: Reader[] = [];
  readonly #notices: WatchResponse[] = [];
  /** The first revision that was not given; `undefined` until it is registered. */
  #next: bigint | undefined;
  /** Whether it starts before the history. */
  #early = false;
  #epoch: number;
  #failure: { readonly reason: unknown } | undefined;
  #ended = false;
  #taken = false;
  #ignoreAbort: (() => void) | undefined;
  /** The revision up to which bookmarks were given. */
  #marked = 0n;
  /** The revision of a bookmark that was requested. */
  #wanted = 0n;

  constructor(copy: Copy<T>, request: WatchCreateRequest, options: WatchServiceOptions) {
    this.#copy = copy;
    this.#request = request;
    this.#places = placesOf(request);
    this.#epoch = copy.store.epoch;
    const { signal, timeoutMs, createdNotify = false } = options;
    if (signal?.aborted === true) this.#end({ reason: signal.reason });
    else if (signal !== undefined) this.#ignoreAbort = onAbort(signal, () => this.#abort(signal.reason));
    this.#created = this.#register(createdNotify, timeoutMs);
    this.#created.catch((reason: unknown) => this.#end({ reason }));
  }

  get created(): Promise<ResponseHeader> {
    return this.#created;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<WatchResponse, undefined> {
    this.#claim();
    const iterator: AsyncIterableIterator<WatchResponse, undefined> = {
      next: () => this.#read(),
      return: () => this.cancel().then(() => DONE),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  events(): AsyncIterable<WatchEvent> {
    this.#claim();
    const each = async function* (this: LocalWatch<T>): AsyncGenerator<WatchEvent, undefined> {
      try {
        for (let step = await this.#read(); step.done !== true; step = await this.#read()) yield* step.value.events;
      } finally {
        await this.cancel();
      }
    }.call(this);
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => each.next(),
        // The generator may wait for an event, and the end of the watch ends that wait.
        return: () => this.cancel().then(() => each.return(undefined)),
      }),
    };
  }

  async cancel(): Promise<void> {
    this.#abort(cancelled('the watch'), true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel();
  }

  /** Gives a bookmark as soon as everything up to a revision was given. */
  requestBookmark(revision: bigint): void {
    this.#wanted = revision;
    this.changed();
  }

  /** Called when the copy has changed, or has ended. */
  changed(): void {
    if (this.#ended) return;
    while (this.#readers.length > 0) {
      const response = this.#collect();
      if (response === undefined || this.#ended) return;
      this.#readers.shift()?.resolve({ done: false, value: response });
    }
  }

  async #register(createdNotify: boolean, timeoutMs = Infinity): Promise<ResponseHeader> {
    const { site } = this.#copy;
    const limit = new AbortController();
    const timer =
      timeoutMs === Infinity
        ? undefined
        : site.clock.after(timeoutMs, () => limit.abort(notRegistered(timeoutMs)), true);
    const signal = AbortSignal.any([this.#ending.signal, limit.signal]);
    try {
      // Who makes a watch and cancels it in one go has made none.
      await Promise.resolve();
      const header = await this.#place(signal);
      signal.throwIfAborted();
      if (createdNotify) this.#notices.push({ header, events: [], created: true, progressNotify: false });
      this.#copy.listeners.add(this);
      this.changed();
      return header;
    } finally {
      timer?.cancel();
    }
  }

  /**
   * Finds the first revision to give. "Now" is what the store has, since the copy may be behind it. A start in the past waits for the
   * copy to be there too, so that what has happened so far comes together.
   */
  async #place(signal: AbortSignal): Promise<ResponseHeader> {
    const { startRevision = 0n } = this.#request;
    const { store } = this.#copy;
    for (;;) {
      signal.throwIfAborted();
      try {
        const header = await raced(this.#copy.storeRevision(), signal);
        if (startRevision > 0n && startRevision <= header.revision && store.revision < header.revision)
          await this.#copy.reach(header.revision, { signal, timeoutMs: PATIENCE_MS });
        this.#next = startRevision > 0n ? startRevision : header.revision + 1n;
        this.#early = this.#next <= store.history.exactFrom;
        this.#marked = header.revision;
        return header;
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error)) throw error;
        if (startRevision > 0n) {
          this.#next = startRevision;
          this.#early = startRevision <= store.history.exactFrom;
          return store.ownHeader();
        }
        await sleep(AGAIN_MS, this.#copy.site, signal);
      }
    }
  }

  #claim(): void {
    if (this.#taken) throw secondReader('a watch', 'open a second watch to read its events twice');
    this.#taken = true;
  }

  #read(): Promise<Result> {
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      if (!this.#ended) {
        this.#readers.push(reader);
        this.changed();
        return;
      }
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure === undefined) resolve(DONE);
      else reject(failure.reason as Error);
    });
  }

  /** The next response, if there is one. */
  #collect(): WatchResponse | undefined {
    const notice = this.#notices.shift();
    if (notice !== undefined) return notice;
    const { store, failure, ready } = this.#copy;
    if (failure !== undefined) return void this.#endWith(failure);
    if (this.#next === undefined) return undefined;
    if (store.epoch !== this.#epoch) return void this.#end({ reason: clusterReset('it has other revisions') });
    const { history } = store;
    if (this.#early || this.#next <= history.readableFrom) {
      return void this.#end({ reason: compacted(history.exactFrom + 1n) });
    }
    for (;;) {
      const moments = history.from(this.#next, BATCH);
      const last = moments.at(-1);
      if (last === undefined) break;
      const from = this.#next;
      const events = moments.flatMap(({ deltas }) => this.#eventsOf(deltas, from));
      this.#next = last.revision + 1n;
      if (events.length > 0) return this.#response(events, false);
    }
    if (store.revision >= this.#next) this.#next = store.revision + 1n;
    return ready ? this.#bookmark() : undefined;
  }

  #bookmark(): WatchResponse | undefined {
    const { revision } = this.#copy.store;
    const next = this.#next as bigint;
    if (next > revision + 1n) return undefined;
    const wanted = this.#wanted > 0n && revision >= this.#wanted;
    if (!wanted && (this.#request.progressNotify !== true || revision <= this.#marked)) return undefined;
    this.#marked = revision;
    if (wanted) this.#wanted = 0n;
    return this.#response([], true);
  }

  #eventsOf(deltas: readonly Delta<T>[], from: bigint): WatchEvent[] {
    const { prevKv = false, filters = [] } = this.#request;
    const events: WatchEvent[] = [];
    for (const { place, before, after, revision } of deltas) {
      const type = after === undefined ? 'delete' : 'put';
      if (revision < from || !isIn(place, this.#places) || filters.includes(type)) continue;
      const kv = after === undefined ? keyValue({ key: keyIn(before), modRevision: revision }) : copyOf(after.kv);
      const previous = prevKv && before !== undefined ? copyOf(before.kv) : undefined;
      events.push(watchEvent({ type, kv, prevKv: previous }));
    }
    return events;
  }

  #response(events: readonly WatchEvent[], progressNotify: boolean): WatchResponse {
    const header = this.#copy.store.ownHeader();
    if (header.revision > this.#marked) this.#marked = header.revision;
    return { header, events, created: false, progressNotify };
  }

  #endWith(failure: { readonly reason: unknown }): void {
    // A closed client ends its watches without an error.
    if (isEtcdError(failure.reason, 'CLIENT_CLOSED')) this.#end();
    else this.#end(failure);
  }

  #abort(reason: unknown, quietly = false): void {
    this.#ending.abort(reason);
    this.#end(quietly || isEtcdError(reason, 'CLIENT_CLOSED') ? undefined : { reason });
    // What was not read is dropped, even after the end.
    if (quietly) this.#failure = undefined;
  }

  #end(failure?: { readonly reason: unknown }): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#ignoreAbort?.();
    this.#copy.listeners.delete(this);
    this.#notices.length = 0;
    this.#ending.abort(failure?.reason ?? closed());
    for (const { resolve, reject } of this.#readers.splice(0)) {
      if (this.#failure === undefined) resolve(DONE);
      else {
        reject(this.#failure.reason);
        this.#failure = undefined;
      }
    }
  }
}

function keyIn<T>(before: Delta<T>['before']): Buffer {
  return Buffer.from((before as NonNullable<typeof before>).kv.key);
}

function raced<V>(work: Promise<V>, signal: AbortSignal): Promise<V> {
  return new Promise((resolve, reject) => {
    const ignore = onAbort(signal, () => reject(signal.reason as Error));
    work.then(resolve, reject).finally(ignore);
  });
}
