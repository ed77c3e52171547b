import type { ResponseHeader, WatchCreateRequest, WatchEvent, WatchResponseMessage } from '../messages.ts';
import type { WatchBuffers } from './buffers.ts';
import { Fragments } from './fragments.ts';
import { isReversed, Position } from './position.ts';
import { WatchReading } from './reading.ts';
import type { WatchResponse, WatchServiceOptions } from './service.ts';
import { Setbacks } from './setbacks.ts';
import { otherCluster, tooLarge } from './watch-errors.ts';

/** What a subscription needs of the group that it belongs to. */
export interface SubscriptionOwner {
  /** What all watches of the client hold. */
  readonly buffers: WatchBuffers;
  /** The watches of the client hold too much. */
  relieve(): void;
  /** A watch is wanted on the server, from `nextRevision` on. */
  submit(subscription: Subscription): void;
  /** Its reader is behind: it is off its stream until it is submitted again. */
  parked(subscription: Subscription): void;
  /** The subscription has ended. */
  release(subscription: Subscription): void;
}

/** What a subscription needs of the stream that it is attached to. */
export interface Upstream {
  /** Something new was received, as many events of it: the stream works. */
  advanced(events: number): void;
  /** The store at the other end is older than what this subscription has seen. */
  suspect(subscription: Subscription): void;
  /** The server broke the protocol on this stream. */
  distrust(why: string): void;
  /** The watch is not wanted on the server any more. */
  detach(subscription: Subscription): void;
}

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

/** One watch of the application: what it has received, what waits to be read, and where it resumes. */
export class Subscription extends WatchReading {
  readonly request: WatchCreateRequest;
  state: SubscriptionState = 'waiting';
  /** Its id on its stream, from when it is sent. */
  watchId = -1;
  /** How many progress requests went out on its stream before its creation. */
  requestsBefore = 0;
  /** The revision of the store when etcd registered it on its stream. */
  registeredAt = 0n;
  /** Asks for fragments, also where the application did not: they bound how much comes at once. */
  fragmented: boolean;
  readonly #owner: SubscriptionOwner;
  /** The stream that it is attached to. */
  #upstream: Upstream | undefined;
  readonly #position: Position;
  readonly #createdNotify: boolean;
  readonly #maxBufferedBytes: number;
  #fragments: Fragments | undefined;
  #setbacks: Setbacks | undefined;

  constructor(owner: SubscriptionOwner, request: WatchCreateRequest, options: WatchServiceOptions) {
    super(options.signal, owner.buffers);
    this.#owner = owner;
    this.request = request;
    this.#position = new Position(request.startRevision);
    this.fragmented = request.fragment === true;
    this.#createdNotify = options.createdNotify === true;
    this.#maxBufferedBytes = options.maxBufferedBytes ?? MAX_BUFFERED_BYTES;
  }

  /** Has it created on the server again if it was parked and half of its bound, and of the client's, is free. */
  protected caughtUp(): void {
    if (this.state !== 'parked' || this.inbox.bytes > this.#maxBufferedBytes / 2) return;
    if (!this.#owner.buffers.hasRoom(this.inbox.bytes)) return;
    this.state = 'waiting';
    // What waits on the server by now may be far more than the bound.
    this.fragmented = true;
    this.#owner.submit(this);
  }

  protected release(): boolean {
    if (this.state === 'ended') return false;
    this.#leave();
    this.state = 'ended';
    this.#owner.release(this);
    return true;
  }

  get nextRevision(): bigint {
    return this.#position.next;
  }

  get setbacks(): Setbacks {
    return (this.#setbacks ??= new Setbacks());
  }

  get observed(): bigint {
    return this.#position.observed;
  }

  /** It is put on a stream. */
  attach(upstream: Upstream): void {
    this.#upstream = upstream;
    this.state = 'attached';
  }

  /** etcd has registered it: for the first time, or again on a new stream. */
  establish(header: ResponseHeader): void {
    this.#setbacks?.established();
    this.registeredAt = header.revision;
    const first = this.creation.header;
    if (first === undefined) return this.#begin(header);
    const reset = otherCluster(first, header);
    if (reset !== undefined) this.fail(reset);
    else if (!this.#position.resume(header)) this.#upstream?.suspect(this);
  }

  /** A message of events or of progress, whole or in part. */
  receive(message: WatchResponseMessage): void {
    const size = Math.max(message.byteLength, LEAST_BYTES);
    if (message.fragment || this.#fragments !== undefined) this.#assemble(message);
    else if (message.events.length > 0) this.#deliver(message.header, message.events, size);
    else this.#progress(message.header, size);
  }

  /** The answer to a progress request, which covers this watch. Older servers give it too early, so it moves no position. */
  receiveRequestedProgress(header: ResponseHeader): void {
    if (this.#fragments !== undefined) return;
    this.#notify(header, LEAST_BYTES);
    this.#position.observe(header.revision);
  }

  /** Its stream is lost. What is incomplete comes again, whole. */
  interrupt(): void {
    this.#dropFragments();
    this.#upstream = undefined;
    this.watchId = -1;
    this.state = 'waiting';
  }

  #begin(header: ResponseHeader): void {
    this.creation.succeed(header);
    this.#upstream?.advanced(0);
    this.#position.begin(header);
    if (this.#createdNotify)
      this.#push({ header, events: NO_EVENTS, created: true, progressNotify: false }, LEAST_BYTES);
  }

  #assemble(message: WatchResponseMessage): void {
    const fragments = (this.#fragments ??= new Fragments());
    fragments.add(message);
    this.#owner.buffers.bytes += message.byteLength;
    if (this.#isExcessive(fragments.bytes, message.fragment)) this.#shed(message, fragments);
    // Not if it is parked or has ended meanwhile.
    if (message.fragment || this.#fragments !== fragments) return;
    this.#dropFragments();
    if (fragments.events.length > 0) this.#deliver(message.header, fragments.events, fragments.bytes);
  }

  /** Whether a response in parts is not to be held any longer; `more` if others of its parts are to come. */
  #isExcessive(bytes: number, more: boolean): boolean {
    const { buffers } = this.#owner;
    if (buffers.isTooLarge(bytes)) return true;
    const held = this.inbox.bytes + bytes;
    return more && (held > this.#maxBufferedBytes || buffers.isFull(held));
  }

  /** Delivers the whole revisions of a response in parts. What is left of it, one revision, may be too much. */
  #shed({ header, fragment }: WatchResponseMessage, fragments: Fragments): void {
    const { buffers } = this.#owner;
    const whole = fragments.takeWhole();
    if (whole !== undefined) {
      buffers.bytes -= whole.bytes;
      this.#deliver(header, whole.events, whole.bytes);
      if (this.#fragments !== fragments) return;
    }
    if (buffers.isTooLarge(fragments.bytes)) this.fail(tooLarge(buffers.maxReceiveBytes));
    else if (fragment && whole === undefined && this.inbox.length > 0) this.park();
  }

  #deliver(header: ResponseHeader, events: readonly WatchEvent[], size: number): void {
    if (isReversed(events)) return this.#upstream?.distrust('sent events out of order');
    const fresh = this.#position.pass(events);
    if (fresh === undefined) return;
    this.#setbacks?.advanced();
    this.#upstream?.advanced(fresh.length);
    this.#push({ header, events: fresh, created: false, progressNotify: false }, size);
  }

  #progress(header: ResponseHeader, size: number): void {
    if (this.#position.skip(header.revision)) {
      this.#setbacks?.advanced();
      this.#upstream?.advanced(0);
    }
    if (this.request.progressNotify === true) this.#notify(header, size);
    this.#position.observe(header.revision);
  }

  #notify(header: ResponseHeader, size: number): void {
    // A bookmark never goes back, as it would on a member that lags behind the one before.
    if (header.revision < this.#position.observed || header.revision <= 0n) return;
    this.#push({ header, events: NO_EVENTS, created: false, progressNotify: true }, size);
  }

  #push(response: WatchResponse, size: number): void {
    this.inbox.push(response, size);
    if (this.inbox.bytes > this.#maxBufferedBytes) this.park();
    else if (this.#owner.buffers.isFull(this.inbox.bytes)) this.#owner.relieve();
  }

  /** Takes it off the server until its reader has caught up. */
  park(): void {
    this.#owner.parked(this);
    this.#leave();
    this.state = 'parked';
  }

  #dropFragments(): void {
    if (this.#fragments === undefined) return;
    this.#owner.buffers.bytes -= this.#fragments.bytes;
    this.#fragments = undefined;
  }

  #leave(): void {
    this.#upstream?.detach(this);
    this.interrupt();
  }
}
