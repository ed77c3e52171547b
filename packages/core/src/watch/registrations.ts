import type { Subscription } from './subscription.ts';

/**
 * The creations of one stream that etcd has not answered yet.
 *
 * Creations do not wait for each other: this side chooses their ids, and etcd answers in order, with id -1 for those that it
 * refuses. Only the first creation is awaited, because a grpc-proxy chooses ids itself and answers in any order; with a proxy,
 * creations are sent one at a time.
 */
export class Registrations {
  /** The subscriptions that are not sent yet. */
  readonly #queue: Set<Subscription> = new Set();
  /** The sent ones without an answer, oldest first, by chosen id; `undefined` for one that is not needed any more. */
  readonly #sent: Map<number, Subscription | undefined> = new Map();
  #wanted = 0;
  #nextId = 1;
  #pipelining = false;

  get size(): number {
    return this.#queue.size + this.#wanted;
  }

  *subscriptions(): Generator<Subscription, undefined> {
    for (const subscription of this.#sent.values()) if (subscription !== undefined) yield subscription;
    yield* this.#queue;
  }

  add(subscription: Subscription): void {
    this.#queue.add(subscription);
  }

  /** Removes and returns the subscriptions that are not sent yet. */
  takeQueue(): readonly Subscription[] {
    const queue = [...this.#queue];
    this.#queue.clear();
    return queue;
  }

  /** Returns the next one to send, which now has its id; `undefined` if there is none, or if an answer must come first. */
  next(): Subscription | undefined {
    if (this.#sent.size > 0 && !this.#pipelining) return undefined;
    for (const subscription of this.#queue) {
      this.#queue.delete(subscription);
      subscription.watchId = this.#nextId++;
      this.#sent.set(subscription.watchId, subscription);
      this.#wanted += 1;
      return subscription;
    }
    return undefined;
  }

  /** Removes one. Returns whether it must be cancelled on the server now. */
  remove(subscription: Subscription): boolean {
    const id = subscription.watchId;
    if (this.#queue.delete(subscription) || this.#sent.get(id) !== subscription) return false;
    this.#sent.set(id, undefined);
    this.#wanted -= 1;
    // If the server may choose another id, the answer must come first.
    return this.#pipelining;
  }

  /** Whether any subscription waits to be sent. */
  get queued(): boolean {
    return this.#queue.size > 0;
  }

  /** Whether an answer is awaited. */
  get awaited(): boolean {
    return this.#sent.size > 0;
  }

  /** How an answer with this id to the oldest creation breaks the protocol; `undefined` if it does not. */
  violation(id: number): string | undefined {
    const [chosen] = this.#sent.keys();
    return id === chosen || !this.#pipelining ? undefined : `answered the creation of watch ${chosen} as ${id}`;
  }

  /** Removes and returns the oldest creation, which is answered with this id; `undefined` if it is not needed any more. */
  take(id: number): Subscription | undefined {
    for (const [chosen, subscription] of this.#sent) {
      if (id === chosen) this.#pipelining = true;
      this.#sent.delete(chosen);
      if (subscription !== undefined) this.#wanted -= 1;
      return subscription;
    }
    return undefined;
  }

  /** Whether the id may belong to a creation that is not answered yet. */
  mayHave(id: number): boolean {
    return this.#pipelining ? this.#sent.has(id) : this.#sent.size > 0;
  }
}
