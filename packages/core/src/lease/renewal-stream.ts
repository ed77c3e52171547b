import type { ClientStream } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from '../messages.ts';

/** One renewal that was sent. */
export interface Sent<L> {
  readonly lease: L;
  readonly sentAt: number;
  /** Its index among all renewals of the stream. */
  readonly place: number;
  /** The next renewal of the same lease that is owed. */
  next: Sent<L> | undefined;
}

/**
 * One LeaseKeepAlive stream with its owed renewals. Answers name only the lease. Those of one lease come in the order of its
 * requests, so that an answer belongs to the oldest request of the lease.
 */
export class RenewalStream<L extends { readonly id: bigint }> {
  /** When the last answer came. */
  progressAt: number;
  /** The highest index with an answer. */
  answered = 0;
  readonly #stream: ClientStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>;
  readonly #clock: Clock;
  /** The oldest owed renewal of each lease. A lease rarely owes more than one. */
  readonly #owed: Map<bigint, Sent<L>> = new Map();
  #places = 0;

  constructor(stream: ClientStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.progressAt = clock.now();
  }

  /** Reads to the end, as `ClientStream.forEach`. An answer without a request is ignored. `now` is when the answer came. */
  read(onAnswer: (sent: Sent<L>, response: LeaseKeepAliveResponse, now: number) => void): Promise<void> {
    return this.#stream.forEach((response) => {
      const now = this.#clock.now();
      this.progressAt = now;
      const sent = this.#owed.get(response.id);
      if (sent === undefined) return;
      if (sent.next === undefined) this.#owed.delete(response.id);
      else this.#owed.set(response.id, sent.next);
      this.answered = Math.max(this.answered, sent.place);
      onAnswer(sent, response, now);
    });
  }

  /** Sends a renewal. `now` is the present time, or a little earlier. */
  send(lease: L, now: number): Sent<L> {
    const { id } = lease;
    const sent: Sent<L> = { lease, sentAt: now, place: ++this.#places, next: undefined };
    let last = this.#owed.get(id);
    if (last === undefined) this.#owed.set(id, sent);
    else {
      while (last.next !== undefined) last = last.next;
      last.next = sent;
    }
    this.#stream.send({ id });
    return sent;
  }

  /** Returns the renewals without an answer, oldest first. */
  owed(): Sent<L>[] {
    const owed: Sent<L>[] = [];
    for (const first of this.#owed.values()) {
      for (let sent: Sent<L> | undefined = first; sent !== undefined; sent = sent.next) owed.push(sent);
    }
    return owed.sort((a, b) => a.place - b.place);
  }

  cancel(): void {
    this.#stream.cancel();
  }
}
