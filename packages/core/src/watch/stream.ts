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

/** What a stream needs of those that opened it. */
export interface StreamOwner {
  /** Its subscriptions were given as many new events. */
  advanced(events: number): void;
  /** Its last subscription has left: the stream has cancelled itself. */
  deserted(stream: LiveStream): void;
  /** The revision of the cluster's store, not of one member's; `key` is one that the user may read. */
  storeRevision(key: Uint8Array): Promise<bigint>;
  /** A watch was registered on this stream. */
  established(stream: LiveStream): void;
  /** The server refused to create a watch, or cancelled it. The subscription is off the stream. */
  cancelled(stream: LiveStream, subscription: Subscription, error: EtcdError): void;
  /** The stream is over, by the server or by the network; well, if there is no error. */
  ended(stream: LiveStream, error: unknown): void;
  /** The server broke the protocol in a way that leaves unclear whose messages are whose. */
  violated(stream: LiveStream, why: string): void;
}

/** The id of messages that are about no single watch. */
const NO_ID = -1;
/** Ids that were cancelled and not confirmed. A sane server confirms each; more than this is a flood. */
const MOST_DISMISSED = 65_536;

/**
 * One watch stream and the subscriptions attached to it. No id is used twice on a stream: a message that is late for a
 * cancelled watch can never reach another one.
 */
export class LiveStream implements Upstream {
  readonly openedAt: number;
  /** Whether anything new came by it. */
  fruitful = false;
  /** Compares what the member has with what subscriptions have seen; made when there is a doubt. */
  #resetCheck: ResetCheck | undefined;
  readonly #clock: Clock;
  readonly #source: ClientStream<WatchRequest, WatchResponseMessage>;
  readonly #owner: StreamOwner;
  readonly #registrations: Registrations = new Registrations();
  readonly #progress: ProgressRequests = new ProgressRequests();
  readonly #live: Map<number, Subscription> = new Map();
  /** Cancelled here, not confirmed yet: what still comes for them is nobody's. */
  readonly #dismissed: Set<number> = new Set();
  /** Of the last creation: a thousand watches created at one revision keep one header between them. */
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

  /** How many subscriptions are attached: sent or not, created or not. */
  get size(): number {
    return this.#registrations.size + this.#live.size;
  }

  /** Every attached subscription. */
  *subscriptions(): Generator<Subscription, undefined> {
    yield* this.#live.values();
    yield* this.#registrations.subscriptions();
  }

  /** Has the subscription created on the server. */
  attach(subscription: Subscription): void {
    subscription.attach(this);
    this.#registrations.add(subscription);
    this.#pump();
  }

  /** Lets a subscription go and has its watch cancelled on the server. */
  detach(subscription: Subscription): void {
    // The last one takes the stream with it, which needs no cancel request.
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

  /** Something new was received, as many events of it: the stream works. */
  advanced(events: number): void {
    this.fruitful = true;
    this.#owner.advanced(events);
  }

  /** The store at the other end is older than what this subscription has seen. */
  suspect(subscription: Subscription): void {
    this.#resetCheck ??= new ResetCheck(({ request }) => this.#owner.storeRevision(request.key), this.#clock);
    this.#resetCheck.add(subscription);
  }

  /** The server broke the protocol in a way that leaves unclear whose messages are whose. */
  distrust(why: string): void {
    this.#owner.violated(this, why);
  }

  /** Takes back the subscriptions that are not sent yet. */
  takeQueue(): readonly Subscription[] {
    const queue = this.#registrations.takeQueue();
    this.#askProgress();
    return queue;
  }

  requestProgress(): void {
    this.#progress.wanted = true;
    this.#askProgress();
  }

  /** Ends the stream at once: nothing of it is reported any more. */
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

  /** Sends the progress request that is wanted, unless creations wait to be sent. */
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
      // etcd keeps the record of a watch that it cancelled for compaction until it is asked to drop it, and answers no
      // progress request on this stream before that.
      this.#dismiss(watchId);
      this.#owner.cancelled(this, subscription, cancelError(message));
    } else {
      this.#progress.received(subscription);
      subscription.receive(message);
    }
  }

  /** The answer to a creation. */
  #onAnswer(message: WatchResponseMessage): void {
    const id = message.watchId;
    const refused = message.canceled || id < 0;
    if (!this.#registrations.awaited) {
      // An answer to no request of ours.
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

  /** A message for a watch that is not here: cancelled a moment ago, or never wanted. */
  #onStranger(message: WatchResponseMessage): void {
    const { watchId } = message;
    if (message.canceled) {
      this.#dismissed.delete(watchId);
    } else if (!this.#dismissed.has(watchId)) {
      // It could be the one being created, and its events would be lost.
      if (this.#registrations.mayHave(watchId)) this.distrust(`sent events of watch ${watchId} before creating it`);
      else this.#dismiss(watchId);
    }
  }

  /** Tells the server once that nobody is there for a watch. */
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
