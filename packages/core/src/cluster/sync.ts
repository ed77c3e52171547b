import type { CallOptions } from '../call.ts';
import { type Clock, systemClock, type Timer } from '../clock.ts';
import { type Logger, silentLogger } from '../logger.ts';
import type { Member } from '../messages.ts';
import { findEndpoint, type StatusSource, timeLeft } from '../maintenance/statuses.ts';
import type { Cluster } from './cluster.ts';

/** Whose endpoints are synced, and with what; an `EtcdClient` is one. */
export interface SyncTarget {
  readonly cluster: Pick<Cluster, 'memberList'>;
  readonly maintenance: StatusSource;
  describe(): { readonly endpoints: readonly { readonly address: string; readonly secure: boolean }[] };
  setEndpoints(endpoints: readonly string[]): void;
}

/** The part of a clock that syncing takes. */
export type SyncClock = Pick<Clock, 'now' | 'after'>;

const AUTO_SYNC_TIMEOUT_MS = 5_000;

/**
 * Takes the endpoints from the cluster (clientv3 client.go `Sync`): the client URLs of every member that has started and
 * is no learner, from a linearizable member list.
 *
 * A client that works goes on working: the endpoints stay, and a warning is logged, where no member advertises a URL or
 * none of the URLs answers; and one that uses TLS alone takes no URL without.
 */
export async function syncEndpoints(
  target: SyncTarget,
  options: CallOptions = {},
  logger: Logger = silentLogger,
  clock: SyncClock = systemClock,
): Promise<void> {
  const left = timeLeft(options, clock);
  const { members } = await target.cluster.memberList(options);
  const present = target.describe().endpoints;
  const tlsOnly = present.every(({ secure }) => secure);
  const advertised = clientUrls(members, tlsOnly);
  if (
    sameSet(
      advertised,
      present.map(({ address }) => address),
    )
  )
    return;
  const { endpoint } = await findEndpoint(target.maintenance, advertised, () => true, left());
  if (endpoint === undefined) {
    const why =
      advertised.length === 0 ? 'no member advertises a client URL' : `nothing answers at ${advertised.join(', ')}`;
    logger.warn(`endpoints not synced, the present ones stay: ${why}`);
    return;
  }
  options.signal?.throwIfAborted();
  target.setEndpoints(advertised);
}

/** Syncs the endpoints again and again, until closed: the first time after one interval, and never twice at a time. */
export class EndpointSync {
  readonly #target: SyncTarget;
  readonly #intervalMs: number;
  readonly #logger: Logger;
  readonly #clock: SyncClock;
  readonly #closing: AbortController = new AbortController();
  #timer: Timer;

  constructor(target: SyncTarget, intervalMs: number, logger: Logger = silentLogger, clock: SyncClock = systemClock) {
    this.#target = target;
    this.#intervalMs = intervalMs;
    this.#logger = logger;
    this.#clock = clock;
    this.#timer = this.#schedule();
  }

  /** Ends the interval and a sync under way; may be called again. */
  close(): void {
    this.#timer.cancel();
    this.#closing.abort();
  }

  #schedule(): Timer {
    return this.#clock.after(this.#intervalMs, () => void this.#run());
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    try {
      await syncEndpoints(this.#target, { timeoutMs: AUTO_SYNC_TIMEOUT_MS, signal }, this.#logger, this.#clock);
    } catch (error) {
      if (!signal.aborted)
        this.#logger.warn(`endpoints not synced, tried again in ${this.#intervalMs} ms: ${String(error)}`);
    }
    if (!signal.aborted) this.#timer = this.#schedule();
  }
}

function clientUrls(members: readonly Member[], tlsOnly: boolean): string[] {
  const voting = members.filter((member) => member.name !== '' && !member.isLearner);
  const urls = new Set(voting.flatMap((member) => member.clientUrls));
  return [...urls].filter((url) => !tlsOnly || /^(?:https|unixs):/i.test(url));
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  const set = new Set(left);
  return set.size === new Set(right).size && right.every((entry) => set.has(entry));
}
