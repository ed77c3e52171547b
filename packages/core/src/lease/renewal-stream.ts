import type { ClientStream } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from '../messages.ts';

/** One renewal on its way. */
export interface Sent<L> {
  readonly lease: L;
  readonly sentAt: number;
  /** Its place among all renewals of the stream. */
  readonly place: number;
}

/**
 * One LeaseKeepAlive stream with the renewals that it owes an answer. Answers name the lease alone; those of one lease
 * come in the order of its requests, so the oldest request of the lease is the one answered.
 */
export class RenewalStream<L extends { readonly id: bigint }> {
  /** When the stream last answered anything. */
  progressAt: number;
  /** The latest place that has been answered. */
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

  /** Reads to the end, as `ClientStream.forEach`; an answer that nobody asked for is passed over. */
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

  /** The renewals without an answer, oldest first. */
  owed(): Sent<L>[] {
    return [...this.#owed.values()].flat().sort((a, b) => a.place - b.place);
  }

  cancel(): void {
    this.#stream.cancel();
  }
}
