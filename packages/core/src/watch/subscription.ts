import type { ResponseHeader, WatchCreateRequest, WatchEvent, WatchResponseMessage } from '../messages.ts';
import type { WatchBuffers } from './buffers.ts';
import { Fragments } from './fragments.ts';
import { isReversed, Position } from './position.ts';
import { WatchReading } from './reading.ts';
import type { WatchResponse, WatchServiceOptions } from './service.ts';
import { Setbacks } from './setbacks.ts';
import { otherCluster, tooLarge } from './watch-errors.ts';

/** The functions that a subscription calls on its group. */
export interface SubscriptionOwner {
  /** The bytes that all watches of the client hold. */
  readonly buffers: WatchBuffers;
  /** Called when the watches of the client hold too much. */
  relieve(): void;
  /** Creates the watch on the server, from `nextRevision` on. */
  submit(subscription: Subscription): void;
  /** Called when the watch is parked. It has left its stream until it is submitted again. */
  parked(subscription: Subscription): void;
  /** Called when the subscription has ended. */
  release(subscription: Subscription): void;
}

/** The functions that a subscription calls on its stream. */
export interface Upstream {
  /** Called when new events, or a new bookmark, were received, which shows that the stream works. */
  advanced(events: number): void;
  /** The store at the other end is older than what this subscription has seen. */
  aheadOfStore(subscription: Subscription): void;
  /** Called when the server broke the protocol on this stream. */
  distrust(why: string): void;
  /** Called when the watch is not needed on the server any more. */
  detach(subscription: Subscription): void;
}

/**
 * The state of a subscription. `waiting`: for a stream. `attached`: to a stream, which may not have created it yet. `parked`: its
 * reader is behind, so that the server has no watch for it. `ended`: for good.
 */
export type SubscriptionState = 'waiting' | 'attached' | 'parked' | 'ended';

/** The default of the bytes that may wait for a slow reader. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/** The least size of a response, because even a small message takes some memory. */
const LEAST_BYTES = 64;
/** What an event takes beside its bytes: its objects, and those of its key and value. A small one is mostly that. */
export const EVENT_BYTES = 512;
const NO_EVENTS: readonly WatchEvent[] = [];

/** One watch of the application: its received and unread responses, and its position. */
export class Subscription extends WatchReading {
  readonly request: WatchCreateRequest;
  state: SubscriptionState = 'waiting';
  /** Its id on its stream, once it is sent. */
  watchId = -1;
  /** How many progress requests were sent on its stream before its creation. */
  requestsBefore = 0;
  /** The revision of the store when etcd registered it on its stream. */
  registeredAt = 0n;
  /** Whether to request fragments. May be true without the application's option, to limit the size of one message. */
  fragmented: boolean;
  readonly #owner: SubscriptionOwner;
  /** The stream to which it is attached. */
  #upstream: Upstream | undefined;
  readonly #position: Position;
  readonly #createdNotify: boolean;
  readonly #maxBufferedBytes: number;
  #fragments: Fragments | undefined;
  #setbacks: Setbacks | undefined;

  constructor(owner: SubscriptionOwner, request: WatchCreateRequest, options: WatchServiceOptions) {
    super(options.signal);
    this.#owner = owner;
    this.request = request;
    this.#position = new Position(request.startRevision);
    this.fragmented = request.fragment === true;
    this.#createdNotify = options.createdNotify === true;
    this.#maxBufferedBytes = options.maxBufferedBytes ?? MAX_BUFFERED_BYTES;
  }

  /** Creates a parked watch on the server again once half of its bound, and of the client's, is free. */
  protected caughtUp(): void {
    if (this.state !== 'parked' || this.bufferedBytes > this.#maxBufferedBytes / 2) return;
    if (!this.#owner.buffers.hasRoom(this.bufferedBytes)) return;
    this.state = 'waiting';
    // The events that wait on the server may by now be far more than the bound.
    this.fragmented = true;
    this.#owner.submit(this);
  }

  protected get buffers(): WatchBuffers {
    return this.#owner.buffers;
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

  /** Attaches it to a stream. */
  attach(upstream: Upstream): void {
    this.#upstream = upstream;
    this.state = 'attached';
  }

  /** Called when etcd has registered it, for the first time or again on a new stream. */
  establish(header: ResponseHeader): void {
    this.#setbacks?.established();
    this.registeredAt = header.revision;
    const first = this.header;
    if (first === undefined) return this.#begin(header);
    const reset = otherCluster(first, header);
    if (reset !== undefined) this.fail(reset);
    else if (!this.#position.resume(header)) this.#upstream?.aheadOfStore(this);
  }

  /** Receives a message of events or of progress, whole or a fragment. */
  receive(message: WatchResponseMessage): void {
    const size = Math.max(message.byteLength, LEAST_BYTES);
    if (message.fragment || this.#fragments !== undefined) this.#assemble(message);
    else if (message.events.length > 0) this.#deliver(message.header, message.events, size);
    else this.#progress(message.header, size);
  }

  /** Receives the answer to a progress request that covers this watch. Older servers send it too early, so it moves no position. */
  receiveRequestedProgress(header: ResponseHeader): void {
    if (this.#fragments !== undefined) return;
    this.#notify(header, LEAST_BYTES);
    this.#position.observe(header.revision);
  }

  /** Called when its stream is lost. Incomplete responses come again, whole. */
  interrupt(): void {
    this.#dropFragments();
    this.#upstream = undefined;
    this.watchId = -1;
    this.state = 'waiting';
  }

  #begin(header: ResponseHeader): void {
    this.registeredWith(header);
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
    // It may be parked or have ended meanwhile.
    if (message.fragment || this.#fragments !== fragments) return;
    this.#dropFragments();
    if (fragments.events.length > 0) this.#deliver(message.header, fragments.events, fragments.bytes);
  }

  /** Whether a fragmented response must not be held any longer. `more` is whether more of its fragments follow. */
  #isExcessive(bytes: number, more: boolean): boolean {
    const { buffers } = this;
    if (buffers.isTooLarge(bytes)) return true;
    const held = this.bufferedBytes + bytes;
    return more && (held > this.#maxBufferedBytes || buffers.isFull(held));
  }

  /** Delivers the complete revisions of a fragmented response. The rest, one revision, may be too much. */
  #shed({ header, fragment }: WatchResponseMessage, fragments: Fragments): void {
    const { buffers } = this;
    const whole = fragments.takeWhole();
    if (whole !== undefined) {
      buffers.bytes -= whole.bytes;
      this.#deliver(header, whole.events, whole.bytes);
      if (this.#fragments !== fragments) return;
    }
    if (buffers.isTooLarge(fragments.bytes)) this.fail(tooLarge(buffers.maxReceiveBytes));
    else if (fragment && whole === undefined && this.unread > 0) this.park();
  }

  #deliver(header: ResponseHeader, events: readonly WatchEvent[], size: number): void {
    if (isReversed(events)) return this.#upstream?.distrust('sent events out of order');
    const fresh = this.#position.pass(events);
    if (fresh === undefined) return;
    this.#setbacks?.advanced();
    this.#upstream?.advanced(fresh.length);
    const bytes = size + fresh.length * EVENT_BYTES;
    this.#push({ header, events: fresh, created: false, progressNotify: false }, bytes);
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
    // A bookmark never goes back, as it would on a member that lags behind the previous one.
    if (header.revision < this.#position.observed || header.revision <= 0n) return;
    this.#push({ header, events: NO_EVENTS, created: false, progressNotify: true }, size);
  }

  #push(response: WatchResponse, size: number): void {
    const { inbox } = this;
    inbox.push(response, size);
    if (inbox.bytes > this.#maxBufferedBytes) this.park();
    else if (this.#owner.buffers.isFull(inbox.bytes)) this.#owner.relieve();
  }

  /** Cancels it on the server until its reader has caught up. */
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
