import { bindMethods } from '../bound-methods.ts';
import { toCount, toInt64, type Bytes } from '../bytes.ts';
import { CallOptionNames, NO_OPTIONS, ownOptions } from '../call-options.ts';
import { noneOf, shown } from '../describe.ts';
import { invalidArgument } from '../errors.ts';
import type { Possible } from '../kv/possible.ts';
import { toRange, type RangeForms } from '../kv/range.ts';
import type { WatchCreateRequest, WatchFilter } from '../messages.ts';
import type { RequestProgressOptions, WatchService, WatchServiceOptions, WatchStream } from './service.ts';

/**
 * Options of a watch. `timeoutMs` bounds only its creation, and is off by default; `signal` ends it with the signal's reason;
 * `requireLeader` is on by default, so that the watch leaves a member that has lost its leader.
 */
export interface WatchOptions extends RangeForms, WatchServiceOptions {
  /** The first revision to deliver, past or future. Defaults to the one after the watch's creation (clientv3 `WithRev`). */
  startRevision?: bigint | number | undefined;
  /** Whether events have the key as it was before (clientv3 `WithPrevKV`). */
  prevKv?: boolean | undefined;
  /** Whether to deliver a bookmark about every ten minutes without events (clientv3 `WithProgressNotify`). */
  progressNotify?: boolean | undefined;
  /** Events to leave out (clientv3 `WithFilterPut`, `WithFilterDelete`). */
  filters?: readonly WatchFilter[] | undefined;
  /**
   * Whether etcd may send large responses in fragments, which are joined here (clientv3 `WithFragment`). A response that exceeds
   * `maxBufferedBytes` may be split between revisions, never within one.
   */
  fragment?: boolean | undefined;
}

const WATCH_OPTIONS = ownOptions<WatchOptions>({
  prefix: 'boolean',
  fromKey: 'boolean',
  rangeEnd: true,
  startRevision: true,
  prevKv: 'boolean',
  progressNotify: 'boolean',
  filters: checkFilters,
  fragment: 'boolean',
  createdNotify: 'boolean',
  maxBufferedBytes: true,
  stream: checkStream,
});
const PROGRESS_OPTIONS = ownOptions<RequestProgressOptions>({ stream: checkStream });

/** Watches (clientv3 `Watcher`). */
export interface Watcher {
  /** Watches a key or a range, from the call on or from a revision. Throws if an argument is wrong. */
  watch<const O extends Possible<O, WatchOptions>>(key: Bytes, options?: O): WatchStream;
  /**
   * Requests a bookmark on every watch that shares the stream of these options: those with equal `stream`, metadata, leader
   * requirement, endpoint, `confidential` and options of plugins (clientv3 `RequestProgress`). It comes as a response with
   * `progressNotify`. It does not come while one of these watches is behind or starts in the future, nor to a watch that it may not
   * cover; then request again. Before etcd 3.4.25 and 3.5.8 it can come ahead of events that precede it.
   */
  requestProgress(options?: RequestProgressOptions): Promise<void>;
}

/** `Watcher` over a watch service. It converts arguments and builds messages. */
export class WatcherFacade implements Watcher {
  readonly #service: WatchService;
  readonly #names: CallOptionNames;

  constructor(service: WatchService, names: CallOptionNames = new CallOptionNames()) {
    this.#service = service;
    this.#names = names;
    bindMethods(this, WatcherFacade.prototype);
  }

  watch(key: Bytes, options: WatchOptions = NO_OPTIONS): WatchStream {
    this.#names.of(options, WATCH_OPTIONS);
    const { prefix, fromKey, rangeEnd, startRevision, prevKv, progressNotify, filters, fragment, ...rest } = options;
    const { key: first, rangeEnd: end } = toRange(key, { prefix, fromKey, rangeEnd });
    const start = startRevision === undefined ? 0n : toInt64(startRevision, 'startRevision', 0n);
    // Each of a thousand watches keeps its request, so that it has no fields for what is not requested. A spread would give each
    // request a hidden class of its own.
    const request: Mutable<WatchCreateRequest> =
      end === undefined ? { key: first, startRevision: start } : { key: first, rangeEnd: end, startRevision: start };
    if (prevKv !== undefined) request.prevKv = prevKv;
    if (progressNotify !== undefined) request.progressNotify = progressNotify;
    if (filters !== undefined) request.filters = [...filters];
    if (fragment !== undefined) request.fragment = fragment;
    if (rest.maxBufferedBytes !== undefined) toCount(rest.maxBufferedBytes, 'maxBufferedBytes', 1);
    return this.#service.watch(request, rest);
  }

  async requestProgress(options: RequestProgressOptions = NO_OPTIONS): Promise<void> {
    const callOptions = this.#names.of(options, PROGRESS_OPTIONS);
    const { stream } = options;
    await this.#service.requestProgress(stream === undefined ? callOptions : { ...callOptions, stream });
  }
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

function checkStream(value: unknown, argument: string): void {
  if (typeof value === 'string' && value !== '') return;
  throw invalidArgument(argument, `must be a name, a string that is not empty, not ${shown(value)}`);
}

const FILTERS: readonly WatchFilter[] = ['put', 'delete'];

function checkFilters(value: unknown, argument: string): void {
  if (!Array.isArray(value)) throw invalidArgument(argument, `must be an array, not ${shown(value)}`);
  value.forEach((one: WatchFilter, index) => {
    if (!FILTERS.includes(one)) throw invalidArgument(argument, `entry ${index} ${noneOf(one, FILTERS)}`);
  });
}
