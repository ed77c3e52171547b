import { onAbort } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { clientClosed, isEtcdError } from '../errors.ts';
import type { ResponseHeader, WatchCreateRequest, WatchEvent, WatchResponseMessage } from '../messages.ts';
import { cancelled, Creation } from './creation.ts';
import { WatchEvents, type ResponseSource } from './events.ts';
import { Fragments } from './fragments.ts';
import { otherCluster } from './reset-check.ts';
import { ResponseQueue, type Failure, type Reader } from './response-queue.ts';
import type { WatchResponse, WatchServiceOptions, WatchStream } from './service.ts';
import { Setbacks } from './setbacks.ts';
import type { LiveStream } from './stream.ts';
import type { SubscriptionOwner } from './subscription-owner.ts';

/**
 * Where a subscription stands with the server. `waiting`: for a stream; `attached`: to one, which may not have created
 * it yet; `parked`: its reader is behind, so the server has no watch for it; `ended`: for good.
 */
export type SubscriptionState = 'waiting' | 'attached' | 'parked' | 'ended';

/** Bytes that may wait for a slow reader, unless said otherwise. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/** A response takes some memory, however small its message. */
const LEAST_BYTES = 64;
const NO_EVENTS: readonly WatchEvent[] = [];
const NO_REVISION = 0n;

/** One watch of the application: what it has received, what waits to be read, and where it resumes. */
export class Subscription implements WatchStream, AsyncIterableIterator<WatchResponse, undefined>, ResponseSource {
  readonly request: WatchCreateRequest;
  state: SubscriptionState = 'waiting';
  /** The stream that it is attached to, and its id there once it is sent. */
  stream: LiveStream | undefined;
  watchId = -1;
  /** The first revision that has not been received; 0n: whatever comes after the creation. Never moves back. */
  nextRevision: bigint;
  /** The newest revision that the store is known to have had. */
  observed: bigint = NO_REVISION;
  readonly setbacks: Setbacks = new Setbacks();
  /** Asks for fragments, also where the application did not: they bound how much comes at once. */
  fragmented: boolean;
  readonly #owner: SubscriptionOwner;
  readonly #queue: ResponseQueue = new ResponseQueue();
  readonly #signal: AbortSignal | undefined;
  readonly #createdNotify: boolean;
  readonly #maxBufferedBytes: number;
  readonly #creation: Creation = new Creation();
  #fragments: Fragments | undefined;
  #ignoreAbort: (() => void) | undefined;

  constructor(owner: SubscriptionOwner, request: WatchCreateRequest, options: WatchServiceOptions) {
    this.#owner = owner;
    this.request = request;
    this.nextRevision = request.startRevision ?? NO_REVISION;
    this.fragmented = request.fragment === true;
    this.#signal = options.signal;
    this.#createdNotify = options.createdNotify === true;
    this.#maxBufferedBytes = options.maxBufferedBytes ?? MAX_BUFFERED_BYTES;
    if (options.signal !== undefined) this.#ignoreAbort = onAbort(options.signal, () => this.#aborted());
  }

  // ---- the application's side ---------------------------------------------------------------------------------------

  get created(): Promise<ResponseHeader> {
    return this.#creation.promise;
  }

  next(): Promise<IteratorResult<WatchResponse, undefined>> {
    return new Promise((resolve, reject) => this.read({ resolve, reject }));
  }

  read(reader: Reader<WatchResponse>): void {
    this.#queue.read(reader);
    if (this.state !== 'parked' || this.#queue.bytes > this.#maxBufferedBytes / 2) return;
    this.state = 'waiting';
    // What waits on the server by now may be far more than the bound.
    this.fragmented = true;
    this.#owner.submit(this);
  }

  async return(): Promise<IteratorResult<WatchResponse, undefined>> {
    await this.cancel();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  events(): AsyncIterable<WatchEvent> {
    return new WatchEvents(this);
  }

  async cancel(): Promise<void> {
    this.#stop(cancelled());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel();
  }

  #aborted(): void {
    const reason: unknown = this.#signal?.reason;
    // That is how a wrapped client that is disposed of ends its watches.
    this.#stop(reason, isEtcdError(reason, 'CLIENT_CLOSED') ? undefined : { reason });
  }

  /** Fails the subscription unless etcd has registered it within this time. */
  limitCreation(clock: Clock, timeoutMs: number): void {
    this.#creation.limit(clock, timeoutMs, (error) => this.fail(error));
  }

  get bufferedBytes(): number {
    return this.#queue.bytes;
  }

  // ---- the stream's side --------------------------------------------------------------------------------------------

  /** etcd has registered it: for the first time, or again on a new stream. */
  establish(header: ResponseHeader): void {
    this.setbacks.established();
    const first = this.#creation.header;
    if (first === undefined) return this.#begin(header);
    const reset = otherCluster(first, header);
    if (reset !== undefined) this.fail(reset);
    else if (header.revision < this.observed) this.#owner.suspect(this);
    else this.observed = header.revision;
  }

  /** A message of events or of progress, whole or in part. */
  receive(message: WatchResponseMessage): void {
    const size = Math.max(message.byteLength, LEAST_BYTES);
    if (message.fragment || this.#fragments !== undefined) this.#assemble(message);
    else if (message.events.length > 0) this.#deliver(message.header, message.events, size);
    else this.#progress(message.header, size);
  }

  /** The answer to a progress request: a sign of life. Older servers give it too early, so it moves nothing. */
  receiveRequestedProgress(header: ResponseHeader): void {
    if (this.#fragments === undefined) this.#notify(header, LEAST_BYTES);
  }

  /** Its stream is lost. What is incomplete comes again, whole. */
  interrupt(): void {
    this.#fragments = undefined;
    this.stream = undefined;
    this.watchId = -1;
    this.state = 'waiting';
  }

  /** Ends with an error, after the responses that are there to be read. */
  fail(error: unknown): void {
    if (!this.#end(error)) return;
    this.#queue.finish({ reason: error });
  }

  /** Ends without an error, because the client is closed. */
  close(): void {
    this.#stop(clientClosed('Watch.Watch'));
  }

  #begin(header: ResponseHeader): void {
    this.#creation.succeed(header);
    this.#owner.advanced(this);
    // No header, no revision: then it stays at "now" until the first event.
    if (this.nextRevision === NO_REVISION && header.revision > 0n) this.nextRevision = header.revision + 1n;
    // A grpc-proxy makes up headers: without a cluster id they prove nothing.
    if (header.clusterId !== 0n) this.observed = header.revision;
    if (this.#createdNotify)
      this.#push({ header, events: NO_EVENTS, created: true, progressNotify: false }, LEAST_BYTES);
  }

  #assemble(message: WatchResponseMessage): void {
    const fragments = (this.#fragments ??= new Fragments());
    fragments.add(message);
    if (!message.fragment) {
      this.#fragments = undefined;
      if (fragments.events.length > 0) this.#deliver(message.header, fragments.events, fragments.bytes);
      return;
    }
    if (this.#queue.bytes + fragments.bytes <= this.#maxBufferedBytes) return;
    const whole = fragments.takeWhole();
    if (whole !== undefined) this.#deliver(message.header, whole.events, whole.bytes);
    else if (this.#queue.length > 0) this.#park();
    else if (fragments.tooLarge !== undefined) this.fail(fragments.tooLarge);
  }

  #deliver(header: ResponseHeader, events: readonly WatchEvent[], size: number): void {
    const first = (events[0] as WatchEvent).kv.modRevision;
    const last = events.length === 1 ? first : (events[events.length - 1] as WatchEvent).kv.modRevision;
    if (last < first) return this.#owner.distrust(this, 'events out of order');
    // Nothing here is new: a server that starts earlier than asked, or a second time.
    if (last < this.nextRevision) return;
    let fresh = events;
    if (first < this.nextRevision) fresh = events.filter((event) => event.kv.modRevision >= this.nextRevision);
    this.nextRevision = last + 1n;
    if (last > this.observed) this.observed = last;
    this.setbacks.advanced();
    this.#owner.advanced(this, fresh.length);
    this.#push({ header, events: fresh, created: false, progressNotify: false }, size);
  }

  #progress(header: ResponseHeader, size: number): void {
    if (header.revision >= this.nextRevision) {
      this.nextRevision = header.revision + 1n;
      this.setbacks.advanced();
      this.#owner.advanced(this);
    }
    if (this.request.progressNotify === true) this.#notify(header, size);
    if (header.revision > this.observed) this.observed = header.revision;
  }

  #notify(header: ResponseHeader, size: number): void {
    // A bookmark never goes back, as it would on a member that lags behind the one before.
    if (header.revision < this.observed || header.revision <= 0n) return;
    this.#push({ header, events: NO_EVENTS, created: false, progressNotify: true }, size);
  }

  #push(response: WatchResponse, size: number): void {
    this.#queue.push(response, size);
    if (this.#queue.bytes > this.#maxBufferedBytes) this.#park();
  }

  #park(): void {
    this.#owner.park(this);
    this.interrupt();
    this.state = 'parked';
  }

  #stop(uncreated: unknown, failure?: Failure): void {
    this.#end(uncreated);
    // After the end as well: what is left unread is dropped.
    this.#queue.stop(failure);
  }

  #end(uncreated: unknown): boolean {
    if (this.state === 'ended') return false;
    const owner = this.#owner;
    owner.release(this);
    this.interrupt();
    this.state = 'ended';
    this.#ignoreAbort?.();
    this.#creation.fail(uncreated);
    return true;
  }
}
