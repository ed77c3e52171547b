import type { Clock } from '@etcdts/core/plugin';
import type { Histogram } from 'prom-client';

/** The renewals of one stream that wait for their answers. Those of one lease are answered in the order of the requests. */
export class RoundTrips {
  readonly #seconds: Histogram.Internal<string>;
  readonly #clock: Clock;
  readonly #sent: Map<bigint, number[]> = new Map();

  constructor(seconds: Histogram.Internal<string>, clock: Clock) {
    this.#clock = clock;
    this.#seconds = seconds;
  }

  sent(id: bigint): void {
    const waiting = this.#sent.get(id);
    const now = this.#clock.now();
    if (waiting === undefined) this.#sent.set(id, [now]);
    else waiting.push(now);
  }

  answered(id: bigint): void {
    const waiting = this.#sent.get(id);
    const sentAt = waiting?.shift();
    if (waiting === undefined || sentAt === undefined) return;
    if (waiting.length === 0) this.#sent.delete(id);
    this.#seconds.observe((this.#clock.now() - sentAt) / 1_000);
  }
}
