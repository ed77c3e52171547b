import { isEtcdError, type CallOptions, type EtcdOperations, type GetResponse, type KeyValue } from '@etcdts/core';
import { onAbort, type ClientSite } from '@etcdts/core/plugin';
import { Candidates, type Standing } from './candidates.ts';
import type { Leader } from './leader.ts';
import { Newest, type Failure } from './newest.ts';
import { untilAnswered } from './repeat.ts';

/** What an observation is about. */
export interface ObservationParts {
  readonly contenders: Buffer;
  readonly vacancies: boolean;
  readonly options: CallOptions;
  readonly site: ClientSite;
}

const LIMITS = { items: 64, bytes: 1024 * 1024 };
const LEFT = Symbol('the reader has left');
const NEVER: unique symbol = Symbol('nothing was yielded');

/** One reading of an election. It lists the candidates and watches them from there on, as fast as they change. */
export class Observation implements AsyncIterableIterator<Leader | undefined, undefined> {
  readonly #client: EtcdOperations;
  readonly #parts: ObservationParts;
  readonly #candidates = new Candidates();
  readonly #yields = new Newest<Leader | undefined>(LIMITS);
  readonly #ending = new AbortController();
  #ignoreAbort: (() => void) | undefined;
  #begun = false;
  #ended = false;
  /** The leader that was yielded last; `undefined` if it was a vacancy. */
  #last: KeyValue | undefined | typeof NEVER = NEVER;

  constructor(client: EtcdOperations, parts: ObservationParts) {
    this.#client = client;
    this.#parts = parts;
  }

  next(): Promise<IteratorResult<Leader | undefined, undefined>> {
    const { signal } = this.#parts.options;
    // A signal that reads a clock is aborted here, before its event.
    if (signal?.aborted === true) this.#stop(signal.reason, { reason: signal.reason });
    else if (!this.#begun) {
      this.#begun = true;
      if (signal !== undefined) {
        this.#ignoreAbort = onAbort(signal, () => this.#stop(signal.reason, { reason: signal.reason }));
      }
      void this.#run();
    }
    return this.#yields.next();
  }

  async return(): Promise<IteratorResult<Leader | undefined, undefined>> {
    this.#begun = true;
    this.#stop(LEFT);
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #stop(reason: unknown, failure?: Failure): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ignoreAbort?.();
    this.#yields.stop(failure);
    this.#ending.abort(reason);
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    try {
      const { timeoutMs = Infinity } = this.#parts.options;
      for (let limitMs = timeoutMs; !signal.aborted; limitMs = Infinity) {
        const { kvs, header } = await this.#list(limitMs);
        this.#candidates.list(kvs);
        this.#offer({ kv: this.#candidates.leader, revision: header.revision });
        if (!(await this.#watch(header.revision + 1n))) return this.#stop(LEFT);
      }
    } catch (error) {
      if (this.#ended) return;
      if (isEtcdError(error, 'CLIENT_CLOSED')) return this.#stop(LEFT);
      this.#ended = true;
      this.#ignoreAbort?.();
      this.#yields.finish({ reason: error });
    }
  }

  /** Lists all candidates. A failure that may pass is followed by another try, as long as a watch would go on. */
  #list(limitMs: number): Promise<GetResponse> {
    const { contenders, options, site } = this.#parts;
    const { signal } = this.#ending;
    const sort = { by: 'createRevision', order: 'ascend' } as const;
    return untilAnswered(site, { ...options, signal }, site.clock.now() + limitMs, (call) =>
      this.#client.kv.get(contenders, { ...call, prefix: true, sort }),
    );
  }

  /** Watches all candidates. Resolves with true if the history has a gap, and with false if the client was closed. */
  async #watch(startRevision: bigint): Promise<boolean> {
    const { contenders, options } = this.#parts;
    const { timeoutMs: _, ...rest } = options;
    const { signal } = this.#ending;
    const watch = this.#client.watch(contenders, { ...rest, signal, prefix: true, startRevision, fragment: true });
    try {
      for await (const { events } of watch) {
        for (const standing of this.#candidates.apply(events)) this.#offer(standing);
      }
      return false;
    } catch (error) {
      if (isEtcdError(error, 'COMPACTED')) return true;
      throw error;
    }
  }

  /** Yields the leader of a revision unless the one before was the same. */
  #offer({ kv, revision }: Standing): void {
    if (kv === undefined && !this.#parts.vacancies) return;
    if (this.#last !== NEVER && isSame(this.#last, kv)) return;
    this.#last = kv;
    this.#yields.push(kv && { kv, revision }, kv === undefined ? 0 : kv.key.length + kv.value.length);
  }
}

function isSame(a: KeyValue | undefined, b: KeyValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.modRevision === b.modRevision && a.key.equals(b.key);
}
