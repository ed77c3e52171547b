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
  /** Watches a key or a range, from the call on or from a revision; throws where an argument is wrong. */
  watch<const O extends Possible<O, WatchOptions>>(key: Bytes, options?: O): WatchStream;
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
    bindMethods(this, WatcherFacade.prototype);
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
      filters: filters && [...filters],
      fragment,
    };
    if (rest.maxBufferedBytes !== undefined) toCount(rest.maxBufferedBytes, 'maxBufferedBytes', 1);
    return this.#service.watch(request, rest);
  }

  async requestProgress(options: RequestProgressOptions = NO_OPTIONS): Promise<void> {
    const callOptions = this.#names.of(options, PROGRESS_OPTIONS);
    const { stream } = options;
    await this.#service.requestProgress(stream === undefined ? callOptions : { ...callOptions, stream });
  }
}

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
