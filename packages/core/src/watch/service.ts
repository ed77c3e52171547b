import type { CallOptions } from '../call.ts';
import type { ResponseHeader, WatchCreateRequest, WatchEvent } from '../messages.ts';

/** What a watch hands over at a time: whole revisions, in order, each event once. */
export interface WatchResponse {
  readonly header: ResponseHeader;
  readonly events: readonly WatchEvent[];
  /** The notice asked for by `createdNotify`: etcd has registered the watch. Comes once, first. */
  readonly created: boolean;
  /** No events up to `header.revision`: asked for by `progressNotify` or `requestProgress`. */
  readonly progressNotify: boolean;
}

/**
 * One watch: iterate it for responses, or `events()` for single events. It has one reader: a second iteration, of either, is
 * refused with `FAILED_PRECONDITION`, as the two would share the events; open a second watch instead. To go on after some
 * reads, keep the iterator and iterate that.
 *
 * It survives lost connections without losing or repeating an event. A watch that cannot go on throws from the iteration,
 * after the events that came before: code `COMPACTED`, with `compactRevision`, if its revisions are gone. `break` cancels
 * it.
 */
export interface WatchStream extends AsyncIterable<WatchResponse>, AsyncDisposable {
  /** Resolves when etcd has registered the watch: what is written after that is seen. Rejects if it never can be. */
  readonly created: Promise<ResponseHeader>;
  /** The same responses as single events. */
  events(): AsyncIterable<WatchEvent>;
  /** Ends the watch: etcd is told at once, the iteration ends. May be called again. */
  cancel(): Promise<void>;
}

/** Options of a progress request: those of the watches that it is for. */
export interface RequestProgressOptions extends CallOptions {
  /** The stream of these watches. */
  stream?: string | undefined;
}

/** Options of a watch that are not in its request. */
export interface WatchServiceOptions extends CallOptions {
  /**
   * The name of a stream of its own, for watches that give the same one. Watches without it share streams if their other
   * options are equal. One that starts in the future, or whose reader is slow, keeps etcd from answering the progress
   * requests of all watches on its stream.
   */
  stream?: string | undefined;
  /** Deliver the notice that etcd has registered the watch. */
  createdNotify?: boolean | undefined;
  /**
   * Bytes of undelivered responses that may wait for a slow reader. Beyond, the watch is parked: cancelled on the server
   * and resumed from where it stood once the reader has caught up. Defaults to 8 MiB.
   */
  maxBufferedBytes?: number | undefined;
}

/** The watch operations of etcd, in messages (etcdserverpb.Watch). Wrappers implement it whole. */
export interface WatchService {
  watch(request: WatchCreateRequest, options: WatchServiceOptions): WatchStream;
  /** Asks etcd for a progress notice on every watch that shares the stream of these options. */
  requestProgress(options: RequestProgressOptions): Promise<void>;
}
