import type { ClientStream } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { EtcdError } from '../errors.ts';
import type { ResponseHeader, WatchCreateRequest, WatchRequest, WatchResponseMessage } from '../messages.ts';
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
 * One watch stream and the subscriptions attached to it.
 *
 * Watches are created without waiting for one another: this side chooses their ids, and etcd answers in order, with id
 * -1 for those it refuses. Only the first creation is waited for, since a grpc-proxy chooses ids itself and answers in any
 * order; behind one, creations go one at a time. No id is used twice on a stream: a message that is late for a cancelled
 * watch can never reach another one.
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
  /** Not sent yet. */
  readonly #queue: Set<Subscription> = new Set();
  /** Sent and not answered, oldest first, by chosen id; undefined: not wanted any more. */
  readonly #creating: Map<number, Subscription | undefined> = new Map();
  readonly #live: Map<number, Subscription> = new Map();
  /** Cancelled here, not confirmed yet: what still comes for them is nobody's. */
  readonly #dismissed: Set<number> = new Set();
  #wanted = 0;
  /** Of the last creation: a thousand watches created at one revision keep one header between them. */
  #header: ResponseHeader | undefined;
  #nextId = 1;
  #pipelining = false;
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
    return this.#queue.size + this.#wanted + this.#live.size;
  }

  /** Every attached subscription. */
  *subscriptions(): Generator<Subscription, undefined> {
    yield* this.#live.values();
    for (const subscription of this.#creating.values()) if (subscription !== undefined) yield subscription;
    yield* this.#queue;
  }

  /** Has the subscription created on the server. */
  attach(subscription: Subscription): void {
    subscription.attach(this);
    this.#queue.add(subscription);
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
    if (this.#queue.delete(subscription)) return;
    if (this.#creating.get(id) === subscription) {
      this.#creating.set(id, undefined);
      this.#wanted -= 1;
      // Where the server may choose another id, the answer has to come first.
      if (this.#pipelining) this.#dismiss(id);
    } else if (this.#live.get(id) === subscription) {
      this.#live.delete(id);
      this.#dismiss(id);
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
    const queue = [...this.#queue];
    this.#queue.clear();
    return queue;
  }

  requestProgress(): void {
    if (this.#open) this.#source.send({ type: 'progress' });
  }

  /** Ends the stream at once: nothing of it is reported any more. */
  cancel(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#resetCheck?.stop();
    this.#source.cancel();
  }

  #pump(): void {
    for (const subscription of this.#queue) {
      if (!this.#open || (this.#creating.size > 0 && !this.#pipelining)) return;
      this.#queue.delete(subscription);
      const id = this.#nextId++;
      subscription.watchId = id;
      this.#creating.set(id, subscription);
      this.#wanted += 1;
      this.#source.send({ type: 'create', request: createRequest(subscription, id) });
    }
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
      subscription.receive(message);
    }
  }

  /** The answer to a creation. */
  #onAnswer(message: WatchResponseMessage): void {
    const [oldest] = this.#creating;
    const refused = message.canceled || message.watchId < 0;
    if (oldest === undefined) {
      // Nobody asked for it.
      if (!refused && !this.#live.has(message.watchId)) this.#dismiss(message.watchId);
      return;
    }
    const [chosen, subscription] = oldest;
    const id = message.watchId;
    if (!refused) {
      if (id === chosen) this.#pipelining = true;
      else if (this.#pipelining) return this.distrust(`answered the creation of watch ${chosen} as ${id}`);
      else if (this.#live.has(id)) return this.distrust(`gave the id ${id} to two watches`);
    }
    this.#creating.delete(chosen);
    if (subscription === undefined) {
      if (!refused) this.#dismiss(id);
    } else {
      this.#wanted -= 1;
      if (refused) this.#owner.cancelled(this, subscription, cancelError(message));
      else this.#establish(subscription, id, message);
    }
    this.#pump();
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
    for (const subscription of this.#live.values()) subscription.receiveRequestedProgress(message.header);
  }

  /** A message for a watch that is not here: cancelled a moment ago, or never wanted. */
  #onStranger(message: WatchResponseMessage): void {
    const { watchId } = message;
    if (message.canceled) {
      this.#dismissed.delete(watchId);
    } else if (!this.#dismissed.has(watchId)) {
      // It could be the one being created, and its events would be lost.
      const early = this.#pipelining ? this.#creating.has(watchId) : this.#creating.size > 0;
      if (early) this.distrust(`sent events of watch ${watchId} before creating it`);
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

function isSame(a: ResponseHeader, b: ResponseHeader): boolean {
  return (
    a.revision === b.revision && a.raftTerm === b.raftTerm && a.memberId === b.memberId && a.clusterId === b.clusterId
  );
}

function createRequest(subscription: Subscription, watchId: number): WatchCreateRequest {
  const { request, nextRevision, fragmented } = subscription;
  // Bookmarks are asked for in any case: an idle watch that has one survives a lost connection after a compaction.
  return { ...request, startRevision: nextRevision, fragment: fragmented, progressNotify: true, watchId };
}
