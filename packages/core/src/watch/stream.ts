import type { ClientStream } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { EtcdError } from '../errors.ts';
import type { ResponseHeader, WatchRequest, WatchResponseMessage } from '../messages.ts';
import { createRequest } from './create-request.ts';
import { isSame } from './position.ts';
import { ProgressRequests } from './progress.ts';
import { Registrations } from './registrations.ts';
import { ResetCheck } from './reset-check.ts';
import type { Subscription, Upstream } from './subscription.ts';
import { cancelError } from './watch-errors.ts';

/** The functions that a stream calls on its owner. */
export interface StreamOwner {
  /** Called when its subscriptions have got this number of new events. */
  advanced(events: number): void;
  /** Called when its last subscription has left. The stream has cancelled itself. */
  deserted(stream: LiveStream): void;
  /** Reads the revision of the cluster's store, not of one member's. `key` is one that the user may read. */
  storeRevision(key: Uint8Array): Promise<bigint>;
  /** Called when a watch was registered on this stream. */
  established(stream: LiveStream): void;
  /** Called when the server refused to create a watch, or cancelled it. The subscription has left the stream. */
  cancelled(stream: LiveStream, subscription: Subscription, error: EtcdError): void;
  /** Called when the server or the network has ended the stream; `error` is `undefined` if it ended without one. */
  ended(stream: LiveStream, error: unknown): void;
  /** Called when the server broke the protocol, so that messages cannot be assigned to watches any more. */
  violated(stream: LiveStream, why: string): void;
}

/** The id of messages that do not belong to one watch. */
const NO_ID = -1;
/** The largest number of dismissed ids. A correct server confirms each cancel; more than this is a flood. */
const MOST_DISMISSED = 65_536;

/**
 * One watch stream and the subscriptions attached to it. No id is used twice on a stream, so that a late message for a cancelled
 * watch never reaches another one.
 */
export class LiveStream implements Upstream {
  readonly openedAt: number;
  /** Whether it has delivered anything new. */
  fruitful = false;
  /** Compares the member with the cluster. Made on first need. */
  #resetCheck: ResetCheck | undefined;
  readonly #clock: Clock;
  readonly #source: ClientStream<WatchRequest, WatchResponseMessage>;
  readonly #owner: StreamOwner;
  readonly #registrations: Registrations = new Registrations();
  readonly #progress: ProgressRequests = new ProgressRequests();
  readonly #live: Map<number, Subscription> = new Map();
  /** The dismissed ids. Messages for them are dropped. */
  readonly #dismissed: Set<number> = new Set();
  /** The header of the last creation. A thousand watches that are created at one revision share it. */
  #header: ResponseHeader | undefined;
  #open = true;

  constructor(source: ClientStream<WatchRequest, WatchResponseMessage>, owner: StreamOwner, clock: Clock) {
    this.#source = source;
    this.#owner = owner;
    this.#clock = clock;
    this.openedAt = clock.now();
  }

  /** Starts reading. */
  start(): void {
    this.#source
      .forEach((message) => this.#onMessage(message))
      .then(
        () => this.#onEnd(undefined),
        (error: unknown) => this.#onEnd(error),
      );
  }

  /** How many subscriptions are attached, whether sent and created or not. */
  get size(): number {
    return this.#registrations.size + this.#live.size;
  }

  /** Returns every attached subscription. */
  *subscriptions(): Generator<Subscription, undefined> {
    yield* this.#live.values();
    yield* this.#registrations.subscriptions();
  }

  /** Creates the watch of a subscription on the server. */
  attach(subscription: Subscription): void {
    subscription.attach(this);
    this.#registrations.add(subscription);
    this.#pump();
  }

  /** Removes a subscription and cancels its watch on the server. */
  detach(subscription: Subscription): void {
    // Without a subscription the stream ends, which needs no cancel request.
    if (this.size === 1) {
      this.cancel();
      return this.#owner.deserted(this);
    }
    const id = subscription.watchId;
    if (this.#live.get(id) === subscription) {
      this.#live.delete(id);
      this.#dismiss(id);
    } else {
      if (this.#registrations.remove(subscription)) this.#dismiss(id);
      this.#askProgress();
    }
  }

  /** Called when new events, or a new bookmark, were received, which shows that the stream works. */
  advanced(events: number): void {
    this.fruitful = true;
    this.#owner.advanced(events);
  }

  /** The store at the other end is older than what this subscription has seen. */
  aheadOfStore(subscription: Subscription): void {
    this.#resetCheck ??= new ResetCheck(({ request }) => this.#owner.storeRevision(request.key), this.#clock);
    this.#resetCheck.add(subscription);
  }

  /** Called when the server broke the protocol, so that messages cannot be assigned to watches any more. */
  distrust(why: string): void {
    this.#owner.violated(this, why);
  }

  /** Removes and returns the subscriptions that are not sent yet. */
  takeQueue(): readonly Subscription[] {
    const queue = this.#registrations.takeQueue();
    this.#askProgress();
    return queue;
  }

  requestProgress(): void {
    this.#progress.wanted = true;
    this.#askProgress();
  }

  /** Ends the stream at once. It reports nothing any more. */
  cancel(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#resetCheck?.stop();
    this.#source.cancel();
  }

  #pump(): void {
    while (this.#open) {
      const subscription = this.#registrations.next();
      if (subscription === undefined) return this.#askProgress();
      subscription.requestsBefore = this.#progress.sent;
      this.#source.send({ type: 'create', request: createRequest(subscription) });
    }
  }

  /** Sends a requested progress request, unless creations wait to be sent. */
  #askProgress(): void {
    if (this.#open && !this.#registrations.queued && this.#progress.take()) this.#source.send({ type: 'progress' });
  }

  #onMessage(message: WatchResponseMessage): void {
    if (!this.#open) return;
    if (message.created) return this.#onAnswer(message);
    const { watchId } = message;
    const subscription = this.#live.get(watchId);
    if (subscription === undefined) {
      if (watchId === NO_ID) this.#onRequestedProgress(message);
      else this.#onStranger(message);
    } else if (message.canceled || message.compactRevision > 0n) {
      this.#live.delete(watchId);
      // After a compaction, etcd keeps the record of the cancelled watch until a cancel request. Until then it answers no progress
      // request on this stream.
      this.#dismiss(watchId);
      this.#owner.cancelled(this, subscription, cancelError(message));
    } else {
      this.#progress.received(subscription);
      subscription.receive(message);
    }
  }

  /** Handles the answer to a creation. */
  #onAnswer(message: WatchResponseMessage): void {
    const id = message.watchId;
    const refused = message.canceled || id < 0;
    if (!this.#registrations.awaited) {
      // This is an answer without a request.
      if (!refused && !this.#live.has(id)) this.#dismiss(id);
      return;
    }
    const violation = refused ? undefined : this.#violationBy(id);
    if (violation !== undefined) return this.distrust(violation);
    const subscription = this.#registrations.take(id);
    if (subscription === undefined) {
      if (!refused) this.#dismiss(id);
    } else if (refused) {
      this.#owner.cancelled(this, subscription, cancelError(message));
    } else {
      this.#establish(subscription, id, message);
    }
    this.#pump();
  }

  #violationBy(id: number): string | undefined {
    return this.#registrations.violation(id) ?? (this.#live.has(id) ? `gave the id ${id} to two watches` : undefined);
  }

  #establish(subscription: Subscription, id: number, message: WatchResponseMessage): void {
    subscription.watchId = id;
    this.#live.set(id, subscription);
    if (this.#header === undefined || !isSame(message.header, this.#header)) this.#header = message.header;
    subscription.establish(this.#header);
    this.#owner.established(this);
  }

  #onRequestedProgress(message: WatchResponseMessage): void {
    if (message.canceled || message.events.length > 0) return;
    const { header } = message;
    this.#progress.answered(header.revision);
    for (const subscription of this.#live.values()) {
      if (this.#progress.covers(subscription)) subscription.receiveRequestedProgress(header);
    }
  }

  /** Handles a message for an unknown watch, which was cancelled a moment ago or never created. */
  #onStranger(message: WatchResponseMessage): void {
    const { watchId } = message;
    if (message.canceled) {
      this.#dismissed.delete(watchId);
    } else if (!this.#dismissed.has(watchId)) {
      // The watch may be the one that is being created, and its events would be lost.
      if (this.#registrations.mayHave(watchId)) this.distrust(`sent events of watch ${watchId} before creating it`);
      else this.#dismiss(watchId);
    }
  }

  /** Sends one cancel request for a watch without a subscription. */
  #dismiss(id: number): void {
    if (!this.#open || this.#dismissed.has(id)) return;
    if (this.#dismissed.size >= MOST_DISMISSED) return this.distrust(`keeps ${MOST_DISMISSED} cancelled watches`);
    this.#dismissed.add(id);
    this.#source.send({ type: 'cancel', watchId: id });
  }

  #onEnd(error: unknown): void {
    if (!this.#open) return;
    this.#open = false;
    this.#resetCheck?.stop();
    this.#owner.ended(this, error);
  }
}
