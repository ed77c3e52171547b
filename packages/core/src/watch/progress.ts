/** When a watch was created on its stream. */
export interface Standing {
  /** The first revision that it has not received. */
  readonly nextRevision: bigint;
  /** The revision of the store when etcd registered it on this stream; 0n if etcd did not give one. */
  readonly registeredAt: bigint;
  /** How many progress requests went out on this stream before its creation. */
  readonly requestsBefore: number;
}

/**
 * The progress requests of one stream, and which of its watches an answer covers.
 *
 * An answer names no request and no watch. etcd takes the messages of a stream in order: it answers a request if every
 * watch that was created before it is in sync, with all events of these watches on their way ahead of the answer, else it
 * drops the request. An answer can arrive behind a creation that was sent after its request, so which request it answers
 * has to be inferred (server/etcdserver/api/v3rpc/watch.go, mvcc/watchable_store.go).
 */
export class ProgressRequests {
  /** One is to be sent: behind the creations that wait to be sent, so that its answer covers them. */
  wanted = false;
  #sent = 0;
  /** So many of the oldest are known to be answered or dropped. */
  #settled = 0;
  #revision = 0n;
  #solicited = false;

  /** How many were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether one is sent now. */
  take(): boolean {
    if (!this.wanted) return false;
    this.wanted = false;
    this.#sent += 1;
    return true;
  }

  /** A watch has received something of its own, which etcd sends behind every answer to a request before its creation. */
  received({ requestsBefore }: Standing): void {
    if (requestsBefore > this.#settled) this.#settled = requestsBefore;
  }

  /** An answer has come. */
  answered(revision: bigint): void {
    this.#revision = revision;
    this.#solicited = this.#settled < this.#sent;
    if (this.#solicited) this.#settled += 1;
  }

  /** Whether the watch has received every event up to the revision of the last answer. */
  covers(watch: Standing): boolean {
    if (watch.nextRevision > this.#revision) return true;
    if (!this.#solicited) return false;
    // What was answered before its creation cannot be newer than its registration.
    if (watch.registeredAt > 0n && this.#revision > watch.registeredAt) {
      this.received(watch);
      return true;
    }
    // Requests may be dropped, never answered out of order: this is the answer to number `#settled` or a later one.
    return watch.requestsBefore < this.#settled;
  }
}
