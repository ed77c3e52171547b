import type { Clock, Timer } from '../clock.ts';
import type { WatchCreateRequest } from '../messages.ts';
import { clusterReset } from './watch-errors.ts';

const AGAIN_MS = 1_000;

/** A watch that is ahead of its member: it has seen a newer revision than the member has. */
export interface AheadWatch {
  readonly request: WatchCreateRequest;
  /** The newest revision that the store is known to have had. */
  readonly observed: bigint;
  fail(error: unknown): void;
}

/**
 * Decides why a member's store is older than what a watch has already seen. Either the member lags, which needs no action,
 * or the data was wiped or restored, and the watch would wait for revisions that never come. A linearizable read decides:
 * its answer has the revision of the cluster.
 */
export class ResetCheck {
  readonly #read: (watch: AheadWatch) => Promise<bigint>;
  readonly #clock: Clock;
  /** The revision that each watch had seen when it was added. Only a read that starts later can prove a reset. */
  #ahead: Map<AheadWatch, bigint> = new Map();
  #reading = false;
  #stopped = false;
  #timer: Timer | undefined;

  constructor(read: (watch: AheadWatch) => Promise<bigint>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  add(watch: AheadWatch): void {
    this.#ahead.set(watch, watch.observed);
    if (!this.#reading && this.#timer === undefined) void this.#run();
  }

  /** Called when the stream is gone. The next stream compares again. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#ahead.clear();
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#reading = true;
    while (this.#ahead.size > 0) {
      const batch = this.#ahead;
      this.#ahead = new Map();
      const [first] = batch.keys();
      let revision: bigint;
      try {
        revision = await this.#read(first as AheadWatch);
      } catch {
        // Keep them for the next read. The watches stay open meanwhile.
        for (const [watch, observed] of batch) this.#ahead.set(watch, observed);
        break;
      }
      if (this.#stopped) return;
      for (const [watch, observed] of batch) {
        if (revision < observed) watch.fail(clusterReset(`revision ${observed} was seen, now it is at ${revision}`));
      }
    }
    this.#reading = false;
    if (this.#stopped || this.#ahead.size === 0) return;
    this.#timer = this.#clock.after(AGAIN_MS, () => void this.#run());
  }
}
