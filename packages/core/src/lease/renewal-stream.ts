import type { ClientStream } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from '../messages.ts';

/** One renewal that was sent. */
export interface Sent<L> {
  readonly lease: L;
  readonly sentAt: number;
  /** Its index among all renewals of the stream. */
  readonly place: number;
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
  readonly #owed: Map<bigint, Sent<L>[]> = new Map();
  #places = 0;

  constructor(stream: ClientStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.progressAt = clock.now();
  }

  /** Reads to the end, as `ClientStream.forEach`. An answer without a request is ignored. */
  read(onAnswer: (sent: Sent<L>, response: LeaseKeepAliveResponse) => void): Promise<void> {
    return this.#stream.forEach((response) => {
      this.progressAt = this.#clock.now();
      const owed = this.#owed.get(response.id);
      const sent = owed?.shift();
      if (owed === undefined || sent === undefined) return;
      if (owed.length === 0) this.#owed.delete(response.id);
      this.answered = Math.max(this.answered, sent.place);
      onAnswer(sent, response);
    });
  }

  send(lease: L): Sent<L> {
    const sent = { lease, sentAt: this.#clock.now(), place: ++this.#places };
    const owed = this.#owed.get(lease.id);
    if (owed === undefined) this.#owed.set(lease.id, [sent]);
    else owed.push(sent);
    this.#stream.send({ id: lease.id });
    return sent;
  }

  /** Returns the renewals without an answer, oldest first. */
  owed(): Sent<L>[] {
    return [...this.#owed.values()].flat().sort((a, b) => a.place - b.place);
  }

  cancel(): void {
    this.#stream.cancel();
  }
}
