import type { Clock, Timer } from '../clock.ts';
import type { WatchCreateRequest } from '../messages.ts';
import { clusterReset } from './watch-errors.ts';

const AGAIN_MS = 1_000;

/** A watch that has seen a newer revision than the member has to which it was resumed. */
export interface Suspect {
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
  readonly #read: (suspect: Suspect) => Promise<bigint>;
  readonly #clock: Clock;
  /** What each suspect had seen when it was added: only a read that starts later can prove a reset. */
  #suspects: Map<Suspect, bigint> = new Map();
  #reading = false;
  #stopped = false;
  #timer: Timer | undefined;

  constructor(read: (suspect: Suspect) => Promise<bigint>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  add(suspect: Suspect): void {
    this.#suspects.set(suspect, suspect.observed);
    if (!this.#reading && this.#timer === undefined) void this.#run();
  }

  /** The stream is gone; the next one compares again. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#suspects.clear();
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#reading = true;
    while (this.#suspects.size > 0) {
      const batch = this.#suspects;
      this.#suspects = new Map();
      const [first] = batch.keys();
      let revision: bigint;
      try {
        revision = await this.#read(first as Suspect);
      } catch {
        // Keep them for the next read. The watches stay open meanwhile.
        for (const [suspect, observed] of batch) this.#suspects.set(suspect, observed);
        break;
      }
      if (this.#stopped) return;
      for (const [suspect, observed] of batch) {
        if (revision < observed) suspect.fail(clusterReset(`revision ${observed} was seen, now it is at ${revision}`));
      }
    }
    this.#reading = false;
    if (this.#stopped || this.#suspects.size === 0) return;
    this.#timer = this.#clock.after(AGAIN_MS, () => void this.#run());
  }
}
