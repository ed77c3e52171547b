import type { Clock } from '../clock.ts';
import { isEtcdError, withFields, type EtcdError } from '../errors.ts';
import { remedyOf } from '../failures.ts';
import { timeLeft } from '../maintenance/statuses.ts';
import type { KeyValue, RangeRequest, RangeResponse } from '../messages.ts';
import { RangeParts, type SignalledOptions } from './range-parts.ts';
import type { KVService } from './service.ts';

/** Whether the server has no RangeStream. A KV interface finds that out once. */
export interface StreamSupport {
  lacking: boolean;
}

/** The parts that a page reader needs. */
export interface PageParts {
  readonly service: KVService;
  readonly request: RangeRequest;
  readonly pageSize: number;
  readonly support: StreamSupport;
  readonly options: SignalledOptions;
  readonly clock: Clock;
}

/** How long a stream may send nothing before the rest is read without it: half of the default deadline of a call. */
const SILENCE_MS = 5_000;
/** How many further members are tried before a page is read linearizably, so that no member answers from an old store. */
const OTHER_MEMBERS = 2;

/**
 * Reads a range at one revision in pages. The keys come from one RangeStream while that works. If the server has no such stream, or
 * if it breaks, they come as ranges, each from the key after the last one.
 */
export class PageReader {
  readonly #parts: PageParts;
  #revision = 0n;
  /** The received keys. Those before `#at` were returned. */
  #held: KeyValue[] = [];
  #at = 0;
  /** The first key that was not received. */
  #next: Uint8Array;
  /** Whether there are keys that were not received; `undefined` if that is not known. */
  #rest: boolean | undefined;
  /** Members that lag behind the revision, or that failed the stream. They are used only if there is no other. */
  #avoid: readonly string[] | undefined;
  #streaming: boolean;
  #stream: RangeParts | undefined;

  constructor(parts: PageParts) {
    this.#parts = parts;
    this.#next = parts.request.key;
    this.#avoid = parts.options.avoid;
    this.#streaming = !parts.support.lacking;
  }

  async *read(): AsyncGenerator<RangeResponse, undefined> {
    const { service, request, options, clock } = this.#parts;
    let given = 0;
    let total = 0;
    try {
      let left = timeLeft(options, clock);
      // This fixes the revision and reads the count. It is cheap, because etcd counts in its index.
      const { header, count } = await service.range({ ...request, countOnly: true }, options);
      this.#revision = request.revision || header.revision;
      total = count;
      for (let more = true; more; left = timeLeft(options, clock)) {
        options.signal.throwIfAborted();
        const kvs = await this.#page(left);
        more = this.#at < this.#held.length || this.#rest === true;
        given += kvs.length;
        yield { header, kvs, more, count };
      }
    } catch (error) {
      if (given === 0 || !isEtcdError(error, 'COMPACTED')) throw error;
      const why = error.message.slice(error.code.length + 2);
      throw withFields(error, {
        message: `${why}; the pages before had ${given} of ${total} keys of revision ${this.#revision}`,
      });
    } finally {
      this.#stream?.leave();
    }
  }

  async #page(left: () => SignalledOptions): Promise<readonly KeyValue[]> {
    const { pageSize } = this.#parts;
    for (;;) {
      const have = this.#held.length - this.#at;
      // One key more than the page shows that it is not the last one.
      if (have > pageSize || this.#rest === false || (have === pageSize && this.#rest === true)) break;
      await this.#fetch(Math.max(pageSize - have, 1), left);
    }
    const start = this.#at;
    this.#at = Math.min(start + pageSize, this.#held.length);
    return this.#held.slice(start, this.#at);
  }

  /** Fetches one more response: a part of the stream, or at most `limit` keys. */
  async #fetch(limit: number, left: () => SignalledOptions): Promise<void> {
    if (this.#streaming) {
      try {
        this.#stream ??= this.#open();
        const kvs = await this.#stream.next(Math.min(SILENCE_MS, (left().timeoutMs ?? Infinity) / 2));
        if (kvs === undefined) this.#rest = false;
        else this.#take(kvs);
        return;
      } catch (error) {
        this.#goOnWithout(error);
      }
    }
    const { kvs, more } = await this.#range(limit, left);
    this.#take(kvs);
    this.#rest = more && kvs.length > 0;
  }

  #open(): RangeParts {
    const { service, request, options, clock } = this.#parts;
    return new RangeParts(service, { ...request, revision: this.#revision }, options, clock);
  }

  /** Called when the stream has failed. Throws the failure if the rest cannot be read without the stream either. */
  #goOnWithout(failure: unknown): void {
    const { support, options, request } = this.#parts;
    this.#streaming = false;
    this.#stream?.leave();
    options.signal.throwIfAborted();
    if (isEtcdError(failure, 'UNIMPLEMENTED')) {
      support.lacking = true;
      return;
    }
    const lags = request.serializable === true && isEtcdError(failure, 'FUTURE_REV');
    if (!lags && (!isEtcdError(failure) || remedyOf(failure) === 'none')) throw failure;
    if (lags || remedyOf(failure) === 'elsewhere') this.#avoidFrom(failure);
  }

  #avoidFrom({ endpoint }: EtcdError): void {
    if (endpoint !== undefined) this.#avoid = [...(this.#avoid ?? []), endpoint];
  }

  /** Reads on from `#next`. A serializable read may reach a member that lags behind the revision. */
  async #range(limit: number, left: () => SignalledOptions): Promise<RangeResponse> {
    const { service, request } = this.#parts;
    const page = { ...request, key: this.#next, revision: this.#revision, limit };
    for (let lagging = 0; ; lagging++) {
      const serializable = lagging > OTHER_MEMBERS ? undefined : request.serializable;
      try {
        return await service.range({ ...page, serializable }, { ...left(), avoid: this.#avoid });
      } catch (error) {
        if (serializable !== true || !isEtcdError(error, 'FUTURE_REV')) throw error;
        this.#avoidFrom(error);
      }
    }
  }

  #take(kvs: readonly KeyValue[]): void {
    const last = kvs.at(-1);
    if (last === undefined) return;
    if (this.#at > 0) {
      this.#held = this.#held.slice(this.#at);
      this.#at = 0;
    }
    // Keys are added one by one, because a hundred thousand arguments of one call overflow the stack.
    for (const kv of kvs) this.#held.push(kv);
    this.#next = Buffer.concat([last.key, Buffer.of(0)]);
  }
}
