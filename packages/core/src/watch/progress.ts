/** When a watch was created on its stream. */
export interface Standing {
  /** The first revision that it has not received. */
  readonly nextRevision: bigint;
  /** The revision of the store when etcd registered it on this stream; 0n if etcd did not give one. */
  readonly registeredAt: bigint;
  /** How many progress requests were sent on this stream before its creation. */
  readonly requestsBefore: number;
}

/**
 * The progress requests of one stream, and which of its watches an answer covers.
 *
 * An answer names no request and no watch. etcd handles the messages of a stream in order. It answers a request if every watch that
 * was created before it is in sync, and sends all events of these watches ahead of the answer; otherwise it drops the request. An
 * answer can arrive behind a creation that was sent after its request, so that the request of an answer must be inferred
 * (server/etcdserver/api/v3rpc/watch.go, mvcc/watchable_store.go).
 */
export class ProgressRequests {
  /** Whether a request must be sent. It is sent behind the creations that wait, so that its answer covers them. */
  wanted = false;
  #sent = 0;
  /** How many of the oldest requests are known to be answered or dropped. */
  #settled = 0;
  #revision = 0n;
  #solicited = false;

  /** How many requests were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Takes the request that must be sent. Returns whether there is one. */
  take(): boolean {
    if (!this.wanted) return false;
    this.wanted = false;
    this.#sent += 1;
    return true;
  }

  /** Called when a watch has received a message of its own. etcd sends it behind every answer to a request before its creation. */
  received({ requestsBefore }: Standing): void {
    if (requestsBefore > this.#settled) this.#settled = requestsBefore;
  }

  /** Called when an answer has come. */
  answered(revision: bigint): void {
    this.#revision = revision;
    this.#solicited = this.#settled < this.#sent;
    if (this.#solicited) this.#settled += 1;
  }

  /** Whether the watch has received every event up to the revision of the last answer. */
  covers(watch: Standing): boolean {
    if (watch.nextRevision > this.#revision) return true;
    if (!this.#solicited) return false;
    // An answer to a request before its creation cannot be newer than its registration.
    if (watch.registeredAt > 0n && this.#revision > watch.registeredAt) {
      this.received(watch);
      return true;
    }
    // Requests may be dropped, but are never answered out of order: the answer belongs to number `#settled` or a later one.
    return watch.requestsBefore < this.#settled;
  }
}
