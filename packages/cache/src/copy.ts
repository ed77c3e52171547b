import { isEtcdError, type CallOptions, type EtcdOperations, type KeyValue, type ResponseHeader } from '@etcdts/core';
import { backoffMs, onAbort, siteOf, type ClientSite, type KeyRange, type Timer } from '@etcdts/core/plugin';
import type { Change } from './change.ts';
import { Entries, type ParseFailure } from './entry.ts';
import { closed, Untrue } from './errors.ts';
import { follow, type Follow } from './follow.ts';
import { Members } from './members.ts';
import { placesOf, type Places } from './ordered.ts';
import { Question } from './question.ts';
import { sleep, turn } from './sleep.ts';
import { Store } from './store.ts';
import { Waits } from './waits.ts';

/** What a copy is made of. */
export interface CopyParts<T> {
  readonly client: EtcdOperations;
  readonly range: KeyRange;
  readonly parse: ((kv: KeyValue) => T) | undefined;
  readonly parseFailed: ParseFailure;
  readonly history: number;
  readonly pageSize: number | undefined;
  readonly trustBookmarks: boolean | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What is called when the state of a copy has changed, or it has ended. */
export interface CopyListener {
  changed(): void;
}

/** How pauses grow before a copy that was wrong is read anew. */
const PAUSES = { firstMs: 100, longestMs: 30_000, jitter: 0.5 };
/** The pause between two requests of a bookmark, while somebody waits for one. */
const ASK_AGAIN_MS = 100;
/** So many events in one message are a burst. */
const MANY = 100;
let copies = 0;

/** A copy of a range that keeps itself current: its store, what keeps it, and who waits for it. */
export class Copy<T> {
  readonly client: EtcdOperations;
  readonly places: Places;
  readonly store: Store<T>;
  readonly waits: Waits;
  readonly site: ClientSite;
  /** Whether the state is current: there was a base, and no restart since. */
  ready = false;
  /** What has ended the copy. A copy that was closed has the code `CLIENT_CLOSED`. */
  failure: { readonly reason: unknown } | undefined;
  restarts = 0;
  /** Whether bookmarks that were requested do not come, so that reads do not wait for them. */
  silent = false;
  readonly listeners: Set<CopyListener> = new Set();
  readonly #parts: CopyParts<T>;
  readonly #members: Members;
  readonly #question: Question;
  readonly #stream: string;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  #base: { readonly header: ResponseHeader } | undefined;
  #resetting = false;
  #asking: Timer | undefined;
  #failures = 0;
  #ignoreAbort: (() => void) | undefined;
  /** The newest revision for which a bookmark was requested at once. */
  #askedFor = 0n;
  /** The newest revision that the store is known to have. */
  #observed = 0n;

  constructor(parts: CopyParts<T>) {
    const { client, range, signal } = parts;
    this.#parts = parts;
    this.client = client;
    this.site = siteOf(client);
    this.places = placesOf(range);
    this.store = new Store(new Entries(parts.parse, parts.parseFailed), parts.history);
    this.waits = new Waits(this.site.clock);
    this.#members = new Members(client, parts.trustBookmarks);
    this.#stream = `@etcdts/cache ${++copies}`;
    // One key is cheaper to read than the count of a range, and has the revision of the store too.
    this.#question = new Question(async () => {
      const { header } = await client.kv.get(range.key, { countOnly: true });
      this.#observe(header);
      return header;
    });
    if (signal?.aborted === true) this.#end({ reason: signal.reason });
    else if (signal !== undefined) this.#ignoreAbort = onAbort(signal, () => this.#end({ reason: signal.reason }));
    this.#running = this.#run();
  }

  /** How many revisions the store is known to be ahead. */
  get lag(): bigint {
    return this.#observed > this.store.revision ? this.#observed - this.store.revision : 0n;
  }

  /** The revision of the store, as of now or later. Rejects if etcd cannot answer. */
  storeRevision(): Promise<ResponseHeader> {
    return this.#question.answer();
  }

  /** Whether a requested bookmark can be expected, so that a read may wait for one. */
  get hasBookmarks(): boolean {
    return !this.silent && this.store.header !== undefined && this.#members.isRight(this.store.header.memberId);
  }

  /** Waits until everything up to a revision is here. Bookmarks are requested meanwhile. */
  reach(revision: bigint, options: CallOptions): Promise<void> {
    const reached = this.waits.until(() => this.ready && this.store.revision >= revision, options, true);
    if (revision > this.#askedFor && this.waits.forBookmarks) {
      this.#askedFor = revision;
      void this.#request();
    }
    this.#askLater();
    return reached;
  }

  /** Requests a bookmark, though nobody waits for it, to find out whether they come again. */
  nudge(): void {
    if (this.#asking === undefined && this.failure === undefined) void this.#request();
    this.#askLater(true);
  }

  async close(): Promise<void> {
    this.#end({ reason: closed() });
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const following = this.#follow();
      try {
        for await (const change of following) {
          this.#apply(change);
          // Much may come at once after an outage, and readers are to have their turn before the history has passed them by.
          if (change.type === 'events' && change.events.length >= MANY) await turn();
        }
        // Only the end of the client ends it without an error.
        return this.#end({ reason: closed() });
      } catch (error) {
        await following.cancel();
        if (signal.aborted) return;
        if (!(error instanceof Untrue)) return this.#end({ reason: error });
        // The state is wrong, so that only a new base can help.
        this.site.logger.warn(`a copy is read anew: ${error.message}`);
        this.#restart(false);
        await sleep(backoffMs(++this.#failures, PAUSES, this.site.random), this.site, signal).catch(() => {});
      }
    }
  }

  #follow(): Follow {
    const { client, range, pageSize } = this.#parts;
    return follow(client, range.key, {
      ...{ rangeEnd: range.rangeEnd, pageSize, stream: this.#stream, signal: this.#ending.signal },
    });
  }

  #apply(change: Change): void {
    switch (change.type) {
      case 'page':
        if (this.#base === undefined) this.store.beginBase();
        this.#base = { header: change.header };
        this.store.addToBase(change.kvs);
        return;
      case 'synced':
        this.#complete(change.revision);
        break;
      case 'events':
        this.#observe(change.header);
        this.store.apply(change.events, change.header);
        this.#failures = 0;
        break;
      case 'bookmark':
        if (!this.#members.isRight(change.header.memberId)) return;
        this.silent = false;
        if (!this.store.advance(change.revision, change.header)) return;
        break;
      case 'restart':
        this.#restart(change.reason.code === 'CLUSTER_RESET');
        return;
    }
    this.#changed();
  }

  #observe({ revision }: ResponseHeader): void {
    if (revision > this.#observed) this.#observed = revision;
  }

  #complete(revision: bigint): void {
    const { header } = this.#base as { readonly header: ResponseHeader };
    const before = this.store.header;
    const other = before !== undefined && before.clusterId !== header.clusterId;
    this.store.completeBase(revision, header, this.#resetting || other);
    if (this.#resetting || other) this.#observed = revision;
    this.#observe(header);
    this.#base = undefined;
    this.#resetting = false;
    this.ready = true;
    void this.#members.learn();
  }

  #restart(reset: boolean): void {
    this.ready = false;
    this.#base = undefined;
    this.#resetting ||= reset;
    this.restarts += 1;
  }

  #changed(): void {
    this.waits.look();
    for (const listener of this.listeners) listener.changed();
    // Those who wait have got it now, however much it was.
    this.store.history.trim();
  }

  #end(failure: { readonly reason: unknown }): void {
    if (this.failure !== undefined) return;
    this.failure = failure;
    this.ready = false;
    this.#ending.abort(failure.reason);
    this.#ignoreAbort?.();
    this.#asking?.cancel();
    if (!isEtcdError(failure.reason, 'CLIENT_CLOSED'))
      this.site.logger.error(
        `a copy has ended: ${isEtcdError(failure.reason) ? failure.reason.message : 'see its reason'}`,
      );
    this.waits.fail(failure.reason);
    for (const listener of this.listeners) listener.changed();
  }

  /** Requests a bookmark again while somebody waits for one. */
  #askLater(nudged = false): void {
    if (this.#asking !== undefined || this.failure !== undefined || !(nudged || this.waits.forBookmarks)) return;
    this.#asking = this.site.clock.after(ASK_AGAIN_MS, () => {
      this.#asking = undefined;
      if (!this.waits.forBookmarks) return;
      void this.#request();
      this.#askLater();
    });
  }

  async #request(): Promise<void> {
    try {
      await this.client.watcher.requestProgress({ stream: this.#stream });
    } catch {
      // It is requested again while somebody waits.
    }
  }
}
