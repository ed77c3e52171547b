import { isEtcdError, type ResponseHeader, type WatchEvent, type WatchResponse, type WatchStream } from '@etcdts/core';
import { onAbort, type WatchCreateRequest, type WatchServiceOptions } from '@etcdts/core/plugin';
import type { Copy, CopyListener } from './copy.ts';
import { cancelled, closed, clusterReset, compacted, secondReader } from './errors.ts';
import { eventsOf } from './local-events.ts';
import { DONE, eventsIn, responsesOf, type Result } from './local-reading.ts';
import { placesOf, type Places } from './ordered.ts';
import type { Given } from './shared-results.ts';
import { startWithin } from './start.ts';

/** Resolves the promise of a reader; a rejected promise rejects it. */
type Reader = (result: Result | Promise<Result>) => void;

const NONE: readonly never[] = [];
/** Before any version of a store, and before the one that precedes the first. */
const UNSTEADY = -2;

/**
 * A watch that a copy serves from its history: a place in it, so that a slow reader costs no memory. It ends with `COMPACTED` once the
 * history has passed it, and with `CLUSTER_RESET` if the copy is of another store.
 */
export class LocalWatch<T> implements WatchStream, CopyListener {
  readonly #copy: Copy<T>;
  readonly #request: WatchCreateRequest;
  readonly #places: Places;
  /** What the request is, for those who share events; `undefined` for a watch with events of its own. */
  readonly #kind: string | undefined;
  readonly #created: Promise<ResponseHeader>;
  readonly #ending = new AbortController();
  // A thousand of them may be woken by one update after a rest, and what each then touches is not in the processor's caches. So the
  // one who reads, the notice and the flag are fields of its own, and only further readers are in a list.
  #reader: Reader | undefined;
  #others: Reader[] | undefined;
  /** The notice of its creation, until it is given. */
  #notice: WatchResponse | undefined;
  readonly #marks: boolean;
  /** Everything up to this revision was given; `undefined` until it is registered. */
  #given: bigint | undefined;
  /** Whether it starts before the history. */
  #early = false;
  #epoch: number;
  #failure: { readonly reason: unknown } | undefined;
  #ended = false;
  #taken = false;
  #ignoreAbort: (() => void) | undefined;
  /** The version of the store of which everything was given; {@link UNSTEADY} if there is more to look at than the next change. */
  #seen = UNSTEADY;
  /** The revision up to which bookmarks were given. */
  #marked = 0n;
  /** The revision of a bookmark that was requested. */
  #wanted = 0n;

  /** `shares` is whether it may have events together with other watches. */
  constructor(copy: Copy<T>, request: WatchCreateRequest, options: WatchServiceOptions, shares: boolean) {
    this.#copy = copy;
    this.#request = request;
    this.#places = placesOf(request);
    this.#marks = request.progressNotify === true;
    if (shares) this.#kind = JSON.stringify([this.#places, request.prevKv === true, request.filters]);
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
    return responsesOf(() => this.#read(), this);
  }

  events(): AsyncIterable<WatchEvent> {
    this.#claim();
    return eventsIn(() => this.#read(), this);
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
    this.#seen = UNSTEADY;
    this.changed();
  }

  /** Called when the copy has changed, or has ended. */
  changed(): void {
    if (this.#ended) return;
    while (this.#reader !== undefined) {
      const result = this.#collect();
      if (result === undefined || this.#ended) return;
      const reader = this.#reader;
      this.#reader = this.#others?.shift();
      reader(result);
    }
  }

  async #register(createdNotify: boolean, timeoutMs = Infinity): Promise<ResponseHeader> {
    const { header, next, early } = await startWithin(this.#copy, this.#request, this.#ending.signal, timeoutMs);
    this.#ending.signal.throwIfAborted();
    [this.#given, this.#early, this.#marked] = [next - 1n, early, header.revision];
    if (createdNotify) this.#notice = { header, events: [], created: true, progressNotify: false };
    this.#copy.listeners.add(this);
    this.changed();
    return header;
  }

  #claim(): void {
    if (this.#taken) throw secondReader('a watch', 'open a second watch to read its events twice');
    this.#taken = true;
  }

  #read(): Promise<Result> {
    return new Promise((resolve) => {
      if (this.#reader === undefined) this.#reader = resolve;
      else (this.#others ??= []).push(resolve);
      if (this.#ended) this.#dismiss();
      else if (!this.#isIdle()) this.changed();
    });
  }

  /** Whether there is nothing to give. Each reader that comes back at once finds that, so that it has to be cheap. */
  #isIdle(): boolean {
    const { store, failure } = this.#copy;
    if (this.#seen === store.version) return failure === undefined;
    if (this.#notice !== undefined || failure !== undefined || this.#early || store.epoch !== this.#epoch) return false;
    return this.#given === store.revision && this.#wanted === 0n && !this.#marks;
  }

  /** Ends it if it can give nothing more. */
  #check(given: bigint): void {
    const { store, failure } = this.#copy;
    // A closed client ends its watches without an error.
    if (failure !== undefined) this.#end(isEtcdError(failure.reason, 'CLIENT_CLOSED') ? undefined : failure);
    else if (store.epoch !== this.#epoch) this.#end({ reason: clusterReset('it has other revisions') });
    else if (this.#early || given < store.history.readableFrom)
      this.#end({ reason: compacted(store.history.exactFrom + 1n) });
  }

  /** The next response, if there is one. */
  #collect(): Given | undefined {
    const { store, failure } = this.#copy;
    if (this.#seen === store.version - 1 && store.epoch === this.#epoch && failure === undefined) {
      // One change may be longer than the history, for a reader that comes afterwards.
      if ((this.#given as bigint) >= store.history.readableFrom) return this.#next();
    }
    const result = this.#lookUp();
    const steady = this.#kind !== undefined && !this.#marks && this.#wanted === 0n && this.#notice === undefined;
    this.#seen = steady && this.#given === store.revision && !this.#early ? store.version : UNSTEADY;
    return result;
  }

  /** What the last change gives to one that had everything before. This is what happens all the time, to many watches at once. */
  #next(): Given | undefined {
    const { store } = this.#copy;
    const given = this.#given as bigint;
    this.#seen = store.version;
    this.#given = store.revision;
    return store.sharedResults.of(store.version, this.#kind as string, () => this.#since(given));
  }

  #lookUp(): Given | undefined {
    const notice = this.#notice;
    if (notice !== undefined || this.#given === undefined) {
      this.#notice = undefined;
      return notice && { done: false, value: notice };
    }
    this.#check(this.#given);
    if (this.#ended) return undefined;
    const { store, ready } = this.#copy;
    const given = this.#given;
    if (store.revision > given) {
      this.#given = store.revision;
      const result = this.#since(given);
      if (result !== undefined) {
        const { revision } = result.value.header;
        if (revision > this.#marked) this.#marked = revision;
        return result;
      }
    }
    return ready ? this.#bookmark() : undefined;
  }

  /** What has happened since a revision, of what it watches. */
  #since(given: bigint): Given | undefined {
    const moments = this.#copy.store.history.after(given);
    const events = moments.flatMap(({ deltas }) => eventsOf(deltas, given, this.#request, this.#places));
    return events.length === 0 ? undefined : this.#result(events, false);
  }

  #bookmark(): Given | undefined {
    const { revision } = this.#copy.store;
    if ((this.#given as bigint) > revision) return undefined;
    const wanted = this.#wanted > 0n && revision >= this.#wanted;
    if (!wanted && (!this.#marks || revision <= this.#marked)) return undefined;
    this.#marked = revision;
    if (wanted) this.#wanted = 0n;
    return this.#result(NONE, true);
  }

  #result(events: readonly WatchEvent[], progressNotify: boolean): Given {
    const header = this.#copy.store.sharedHeader();
    return { done: false, value: { header, events, created: false, progressNotify } };
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
    this.#notice = undefined;
    this.#ending.abort(failure?.reason ?? closed());
    this.#dismiss();
  }

  /** Answers all who read, now that it has ended. The first of them gets the reason. */
  #dismiss(): void {
    if (this.#reader === undefined) return;
    const readers = [this.#reader, ...(this.#others ?? [])];
    this.#reader = this.#others = undefined;
    for (const reader of readers) {
      const failure = this.#failure;
      this.#failure = undefined;
      reader(failure === undefined ? DONE : Promise.reject(failure.reason as Error));
    }
  }
}
