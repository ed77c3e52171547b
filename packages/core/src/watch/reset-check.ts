import type { Clock, Timer } from '../clock.ts';
import { EtcdError } from '../errors.ts';
import type { ResponseHeader } from '../messages.ts';
import type { Subscription } from './subscription.ts';

const AGAIN_MS = 1_000;

/**
 * Settles what it means when a member's store is older than what a watch has already seen: the member lags, which heals
 * by itself, or the data was wiped or restored, and the watch would wait for revisions that never come. A linearizable
 * read knows: it is answered with the cluster's own revision.
 */
export class ResetCheck {
  readonly #read: (suspect: Subscription) => Promise<bigint>;
  readonly #clock: Clock;
  /** What each suspect had seen when it became one: only a read that starts later can prove a reset. */
  #suspects: Map<Subscription, bigint> = new Map();
  #reading = false;
  #stopped = false;
  #timer: Timer | undefined;

  constructor(read: (suspect: Subscription) => Promise<bigint>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  add(subscription: Subscription): void {
    this.#suspects.set(subscription, subscription.observed);
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
        revision = await this.#read(first as Subscription);
      } catch {
        // Nothing is known yet. The watches are intact meanwhile: they only wait.
        for (const [subscription, observed] of batch) this.#suspects.set(subscription, observed);
        break;
      }
      if (this.#stopped) return;
      for (const [subscription, observed] of batch) {
        if (revision < observed)
          subscription.fail(clusterReset(`revision ${observed} was seen, now it is at ${revision}`));
      }
    }
    this.#reading = false;
    if (this.#stopped || this.#suspects.size === 0) return;
    this.#timer = this.#clock.after(AGAIN_MS, () => void this.#run());
  }
}

/** The error of a watch that finds itself on another cluster; nothing where it is the same, or one of them does not say. */
export function otherCluster(
  { clusterId: before }: ResponseHeader,
  { clusterId: now }: ResponseHeader,
): EtcdError | undefined {
  if (now === before || now === 0n || before === 0n) return undefined;
  return clusterReset(`its id was ${hex(before)}, now it is ${hex(now)}`);
}

function hex(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}

/** The error of a watch whose history is gone: etcd was wiped, restored from a backup, or is another cluster. */
function clusterReset(why: string): EtcdError {
  const message = `the cluster is not the one that this watch began on: ${why}`;
  return new EtcdError({ code: 'CLUSTER_RESET', message, grpcCode: 9, outcome: 'not-applied', method: 'Watch.Watch' });
}
