import { describe, toCount, toInt64, type Bytes } from '../bytes.ts';
import { CallOptionNames, NO_OPTIONS, ownOptions } from '../call-options.ts';
import { invalidArgument } from '../errors.ts';
import { toRange, type RangeForms } from '../kv/range.ts';
import type { WatchCreateRequest, WatchFilter } from '../messages.ts';
import type { RequestProgressOptions, WatchService, WatchServiceOptions, WatchStream } from './service.ts';

/**
 * Options of a watch. `timeoutMs` bounds its creation alone, and is off by default; `signal` ends it with the signal's
 * reason; `requireLeader` is on by default: a member that lost its leader is left instead of waited on.
 */
export interface WatchOptions extends RangeForms, WatchServiceOptions {
  /** The first revision to deliver, past or future. Defaults to the one after the watch's creation (clientv3 `WithRev`). */
  startRevision?: bigint | number | undefined;
  /** Gives the key as it was before each event (clientv3 `WithPrevKV`). */
  prevKv?: boolean | undefined;
  /** Delivers a bookmark every ten minutes or so without events (clientv3 `WithProgressNotify`). */
  progressNotify?: boolean | undefined;
  /** Events to leave out (clientv3 `WithFilterPut`, `WithFilterDelete`). */
  filters?: readonly WatchFilter[] | undefined;
  /**
   * Lets etcd send large responses in parts, which are put together here (clientv3 `WithFragment`). It may split them at
   * revisions where they exceed `maxBufferedBytes`, never within one.
   */
  fragment?: boolean | undefined;
}

const WATCH_OPTIONS = ownOptions<WatchOptions>({
  prefix: true,
  fromKey: true,
  rangeEnd: true,
  startRevision: true,
  prevKv: true,
  progressNotify: true,
  filters: true,
  fragment: true,
  createdNotify: true,
  maxBufferedBytes: true,
  stream: true,
});
const PROGRESS_OPTIONS = ownOptions<RequestProgressOptions>({ stream: true });

/** Watches (clientv3 `Watcher`). */
export interface Watcher {
  /** Watches a key or a range, from the call on or from a revision; throws where an argument is wrong. */
  watch(key: Bytes, options?: WatchOptions): WatchStream;
  /**
   * Asks etcd for a bookmark on every watch that shares the stream of these options: those whose `stream`, metadata, leader
   * requirement, endpoint, `confidential` and options of plugins are equal.
   * It comes as a response with `progressNotify`, or not at all while one of these watches is behind or starts in the
   * future, and not to a watch that it may not cover: then ask again (clientv3 `RequestProgress`). Before etcd 3.4.25 and 3.5.8 it can come ahead of events that precede it.
   */
  requestProgress(options?: RequestProgressOptions): Promise<void>;
}

/** The watch interface over a watch service: coerces arguments, builds messages. */
export class WatcherFacade implements Watcher {
  readonly #service: WatchService;
  readonly #names: CallOptionNames;

  constructor(service: WatchService, names: CallOptionNames = new CallOptionNames()) {
    this.#service = service;
    this.#names = names;
  }

  watch(key: Bytes, options: WatchOptions = NO_OPTIONS): WatchStream {
    this.#names.of(options, WATCH_OPTIONS);
    const { prefix, fromKey, rangeEnd, startRevision, prevKv, progressNotify, filters, fragment, ...rest } = options;
    const range = toRange(key, { prefix, fromKey, rangeEnd });
    const request: WatchCreateRequest = {
      key: range.key,
      rangeEnd: range.rangeEnd,
      startRevision: startRevision === undefined ? 0n : toInt64(startRevision, 'startRevision', 0n),
      prevKv,
      progressNotify,
      filters: filters === undefined ? undefined : toFilters(filters),
      fragment,
    };
    if (rest.maxBufferedBytes !== undefined) toCount(rest.maxBufferedBytes, 'maxBufferedBytes', 1);
    const { timeoutMs } = rest;
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
      throw invalidArgument('timeoutMs', `must be a number of milliseconds, 0 or more, not ${String(timeoutMs)}`);
    }
    toStreamName(rest.stream);
    return this.#service.watch(request, rest);
  }

  async requestProgress(options: RequestProgressOptions = NO_OPTIONS): Promise<void> {
    const callOptions = this.#names.of(options, PROGRESS_OPTIONS);
    const stream = toStreamName(options.stream);
    await this.#service.requestProgress(stream === undefined ? callOptions : { ...callOptions, stream });
  }
}

function toStreamName(stream: unknown): string | undefined {
  if (stream === undefined || (typeof stream === 'string' && stream !== '')) return stream;
  throw invalidArgument('stream', `must be a name, a string that is not empty, not ${describe(stream)}`);
}

function toFilters(filters: readonly WatchFilter[]): readonly WatchFilter[] {
  return filters.map((filter) => {
    if (filter === 'put' || filter === 'delete') return filter;
    throw invalidArgument('filters', "may hold 'put' and 'delete' alone");
  });
}
