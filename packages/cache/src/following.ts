import { isEtcdError, type CallOptions, type EtcdError, type EtcdOperations, type ResponseHeader } from '@etcdts/core';
import { backoffMs, bindMethods, onAbort, plainMessage, siteOf, type KeyRange } from '@etcdts/core/plugin';
import { persistently, readBase, type RangeReading } from './base.ts';
import type { Change } from './change.ts';
import { cancelled, clusterReset, notSynced, secondReader } from './errors.ts';
import { sleep } from './sleep.ts';
import { Terms } from './terms.ts';

/** What is followed, with checked arguments. */
export interface Order {
  readonly range: KeyRange;
  readonly pageSize: number;
  readonly revision: bigint | undefined;
  readonly restart: boolean;
  readonly prevKv: boolean | undefined;
  readonly stream: string | undefined;
  readonly call: CallOptions;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
}

/** The reason of the end that the reader has chosen. */
const LEFT: unique symbol = Symbol('left');
const DONE = { done: true, value: undefined } as const;
/** How pauses between bases grow. */
const PAUSES = { firstMs: 100, longestMs: 30_000, jitter: 0.5 };
/** After so many bases in a row that were overtaken by compactions, the pages become larger. */
const PATIENCE = 3;
const LARGEST_PAGE = 50_000;

/** One followed range. */
export class Following {
  readonly #client: EtcdOperations;
  readonly #order: Order;
  readonly #reading: RangeReading;
  readonly #ending = new AbortController();
  readonly #changes: AsyncGenerator<Change, undefined>;
  readonly synced: Promise<bigint>;
  #resolve!: (revision: bigint) => void;
  #reject!: (reason: unknown) => void;
  #taken = false;
  /** Whether a change was given. */
  #begun = false;
  /** Restarts since the last response of a watch. */
  #restarts = 0;
  /** Bases in a row that were not completed. */
  #overtaken = 0;
  /** The terms of the store that is followed. */
  #terms = new Terms();

  constructor(client: EtcdOperations, order: Order) {
    this.#client = client;
    this.#order = order;
    const { range, call } = order;
    this.#reading = { client, range, call, signal: this.#ending.signal };
    this.#changes = this.#run();
    this.synced = new Promise<bigint>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Not everybody waits for it, and then its rejection must not end the process.
    this.synced.catch(() => {});
    bindMethods(this, Following.prototype);
  }

  [Symbol.asyncIterator](): AsyncIterator<Change, undefined> {
    if (this.#taken) throw secondReader('what follow() returns', 'call follow() once for each reader');
    this.#taken = true;
    return { next: () => this.#changes.next(), return: () => this.cancel().then(() => DONE) };
  }

  async cancel(): Promise<void> {
    this.#ending.abort(LEFT);
    this.#reject(cancelled('the iteration'));
    // A generator that waits would end only after that wait, which the abort has ended.
    await this.#changes.return(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel();
  }

  async *#run(): AsyncGenerator<Change, undefined> {
    const { signal, timeoutMs = Infinity } = this.#order;
    const { clock } = siteOf(this.#client);
    const end = (reason: unknown): void => this.#ending.abort(reason);
    if (signal?.aborted === true) end(signal.reason);
    const ignoreAbort = signal?.aborted === false ? onAbort(signal, () => end(signal.reason)) : undefined;
    const timer = timeoutMs === Infinity ? undefined : clock.after(timeoutMs, () => end(notSynced(timeoutMs)), true);
    void this.synced.finally(() => timer?.cancel()).catch(() => {});
    try {
      yield* this.#bases();
    } catch (error) {
      const reason = this.#ending.signal.aborted ? (this.#ending.signal.reason as unknown) : error;
      if (reason === LEFT) return;
      this.#reject(reason);
      // The end of the client ends it as it ends a watch.
      if (this.#begun && isEtcdError(reason, 'CLIENT_CLOSED')) return;
      throw reason;
    } finally {
      ignoreAbort?.();
      timer?.cancel();
      this.#reject(cancelled('the iteration'));
    }
  }

  async *#bases(): AsyncGenerator<Change, void> {
    const site = siteOf(this.#client);
    let { revision } = this.#order;
    for (;;) {
      let reason: EtcdError;
      try {
        if (revision === undefined) yield* this.#base();
        else yield* this.#after(revision);
        return;
      } catch (error) {
        if (!isOutdated(error) || (revision !== undefined && !this.#order.restart)) throw error;
        reason = error;
      }
      revision = undefined;
      this.#terms = new Terms();
      this.#begun = true;
      yield plainMessage({ type: 'restart', reason });
      this.#restarts += 1;
      await sleep(backoffMs(this.#restarts, PAUSES, site.random), site, this.#ending.signal);
    }
  }

  /** A base, and what happens after it. */
  async *#base(): AsyncGenerator<Change, void> {
    const pages = readBase(this.#reading, this.#pageSize());
    this.#overtaken += 1;
    let step = await pages.next();
    for (; step.done !== true; step = await pages.next()) {
      this.#terms.expect(step.value.header);
      this.#begun = true;
      yield step.value;
    }
    this.#overtaken = 0;
    const header = step.value;
    this.#resolve(header.revision);
    yield plainMessage({ type: 'synced', revision: header.revision });
    yield* this.#after(header.revision, header);
  }

  /** Grows with each base that was overtaken: fewer requests take less time. */
  #pageSize(): number {
    const { pageSize } = this.#order;
    if (this.#overtaken < PATIENCE) return pageSize;
    const size = Math.max(pageSize, Math.min(LARGEST_PAGE, pageSize * 4 ** (this.#overtaken - PATIENCE + 1)));
    siteOf(this.#client).logger.warn(
      `a followed range was compacted ${this.#overtaken} times before it was read whole; its pages have ${size} keys now`,
      { overtaken: this.#overtaken, pageSize: size },
    );
    return size;
  }

  /** What happens after a revision. `base` is the header with which it was read. */
  async *#after(revision: bigint, base?: ResponseHeader): AsyncGenerator<Change, void> {
    const { range, prevKv, stream, call } = this.#order;
    const watch = this.#client.watch(range.key, {
      ...{ ...call, rangeEnd: range.rangeEnd, prevKv, stream, signal: this.#ending.signal },
      ...{ startRevision: revision + 1n, progressNotify: true, fragment: true },
    });
    try {
      await this.#expectSame(await watch.created, revision, base);
      this.#resolve(revision);
      for await (const { header, events, progressNotify } of watch) {
        const last = events.at(-1);
        if (last === undefined && !progressNotify) continue;
        this.#terms.expect(header);
        this.#begun = true;
        this.#restarts = 0;
        if (last === undefined) yield plainMessage({ type: 'bookmark', revision: header.revision, header });
        else yield plainMessage({ type: 'events', events, revision: last.kv.modRevision, header });
      }
    } finally {
      await watch.cancel();
    }
  }

  /** Throws if the watch is on another store than what was read. A member that lags behind is none. */
  async #expectSame(created: ResponseHeader, revision: bigint, base?: ResponseHeader): Promise<void> {
    // A grpc-proxy invents headers; without a cluster id they prove nothing.
    if (created.clusterId === 0n) return;
    if (base !== undefined && base.clusterId !== 0n && base.clusterId !== created.clusterId)
      throw clusterReset('the cluster has another id');
    if (created.revision >= revision) return;
    const { range, call, signal } = this.#reading;
    // It is a read of the range, because the user may have no right to any other.
    const read = { ...call, rangeEnd: range.rangeEnd, countOnly: true, signal };
    const { header } = await persistently(this.#reading, () => this.#client.kv.get(range.key, read));
    if (header.revision < revision)
      throw clusterReset(`revision ${revision} was seen, now it is at ${header.revision}`);
  }
}

/** Whether only a new base can help. */
function isOutdated(error: unknown): error is EtcdError {
  return isEtcdError(error, 'COMPACTED') || isEtcdError(error, 'CLUSTER_RESET');
}
