import type { CallOptions } from '../call.ts';
import type { ResponseHeader, WatchCreateRequest, WatchEvent } from '../messages.ts';

/** One response of a watch: whole revisions, in order, each event once. */
export interface WatchResponse {
  /** Who answered, and the revision of the store when etcd sent it, which can be ahead of the events. */
  readonly header: ResponseHeader;
  /** The events; empty in a notice and in a bookmark. */
  readonly events: readonly WatchEvent[];
  /** Whether this is the notice of `createdNotify` that etcd has registered the watch. It comes once, first. */
  readonly created: boolean;
  /** Whether this is a bookmark: no more events up to `header.revision`. Requested by `progressNotify` or `requestProgress`. */
  readonly progressNotify: boolean;
}

/**
 * One watch. Iterate it for responses, or `events()` for single events. It has one reader: a second iteration, of either, is
 * refused with `FAILED_PRECONDITION`, because the two would share the events; open a second watch instead. To go on after some
 * reads, keep the iterator and iterate that.
 *
 * It survives lost connections without losing or repeating an event. A watch that cannot go on throws from the iteration,
 * after the events that came before: code `COMPACTED`, with `compactRevision`, if its revisions are gone. `break` cancels
 * it.
 */
export interface WatchStream extends AsyncIterable<WatchResponse>, AsyncDisposable {
  /** Resolves when etcd has registered the watch; it delivers all later writes. Rejects if the watch ends first. */
  readonly created: Promise<ResponseHeader>;
  /** The same responses as single events. */
  events(): AsyncIterable<WatchEvent>;
  /** Ends the watch. The cancel request is sent at once, and the iteration ends. May be called again. */
  cancel(): Promise<void>;
}

/** Options of a progress request, equal to those of its watches. */
export interface RequestProgressOptions extends CallOptions {
  /** The stream of these watches. */
  stream?: string | undefined;
}

/** Options of a watch that are not in its request. */
export interface WatchServiceOptions extends CallOptions {
  /**
   * The name of a stream that only watches with this name share. Watches without a name share streams if their other options are
   * equal. A watch that starts in the future, or whose reader is slow, keeps etcd from answering the progress requests of all
   * watches on its stream.
   */
  stream?: string | undefined;
  /** Whether to deliver the notice that etcd has registered the watch. */
  createdNotify?: boolean | undefined;
  /**
   * How many bytes of responses may wait for a slow reader; each event counts 512 more than it has. Beyond that, the watch is parked:
   * it is cancelled on the server and resumed at its position once the reader has caught up. Defaults to 8 MiB.
   */
  maxBufferedBytes?: number | undefined;
}

/** The watch operations of etcd, in messages (etcdserverpb.Watch). Wrappers implement it whole. */
export interface WatchService {
  /** Opens a watch. Returns at once; what goes wrong is thrown from its iteration. */
  watch(request: WatchCreateRequest, options: WatchServiceOptions): WatchStream;
  /** Requests a bookmark on every watch that shares the stream of these options. */
  requestProgress(options: RequestProgressOptions): Promise<void>;
}
