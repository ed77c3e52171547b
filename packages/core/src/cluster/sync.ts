import type { CallOptions } from '../call.ts';
import { type Clock, systemClock, type Timer } from '../clock.ts';
import { reasonText, serverText } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import type { Member } from '../messages.ts';
import { identityOf, parseEndpoint } from '../transport/endpoints.ts';
import { findEndpoint, type StatusSource, timeLeft } from '../maintenance/statuses.ts';
import type { Cluster } from './cluster.ts';

/** The client whose endpoints are synced. An `EtcdClient` is one. */
export interface SyncTarget {
  readonly cluster: Pick<Cluster, 'memberList'>;
  readonly maintenance: StatusSource;
  describe(): { readonly endpoints: readonly { readonly address: string; readonly secure: boolean }[] };
  setEndpoints(endpoints: readonly string[]): void;
}

/** The part of a clock that a sync uses. */
export type SyncClock = Pick<Clock, 'now' | 'after'>;

const AUTO_SYNC_TIMEOUT_MS = 5_000;

/**
 * Takes the endpoints from the cluster (clientv3 client.go `Sync`): the client URLs of every member that has started and is no
 * learner, from a linearizable member list.
 *
 * A sync never breaks a client that works. If no member advertises a URL, or none of the URLs answers, the endpoints stay and a
 * warning is logged. A client that uses only TLS takes no URL without it. URLs are compared as endpoints, not as text.
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
  const urls = clientUrls(members, tlsOnly, logger);
  const known = new Map(present.map(({ address, secure }) => [identityOf(parseEndpoint(address, secure)), address]));
  if (urls.size === known.size && [...urls.keys()].every((identity) => known.has(identity))) return;
  // An endpoint that stays keeps its spelling.
  const advertised = [...urls].map(([identity, url]) => known.get(identity) ?? url);
  const { endpoint } = await findEndpoint(target.maintenance, advertised, () => true, left());
  if (endpoint === undefined) {
    const why =
      advertised.length === 0 ? 'no member advertises a client URL' : `nothing answers at ${advertised.join(', ')}`;
    logger.warn(`endpoints not synced, the present ones stay: ${why}`, { reason: why });
    return;
  }
  options.signal?.throwIfAborted();
  target.setEndpoints(advertised);
}

/** Syncs the endpoints at an interval until it is closed: the first time after one interval, and never twice at a time. */
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

  /** Ends the interval and a sync under way. May be called again. */
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
      const reason = reasonText(error);
      const message = `endpoints not synced, tried again in ${this.#intervalMs} ms: ${reason}`;
      if (!signal.aborted) this.#logger.warn(message, { reason });
    }
    if (!signal.aborted) this.#timer = this.#schedule();
  }
}

/** The URLs that voting members advertise, by the identity of the endpoint. Each endpoint counts once, in its first spelling. */
function clientUrls(members: readonly Member[], tlsOnly: boolean, logger: Logger): ReadonlyMap<string, string> {
  const urls = new Map<string, string>();
  for (const { name, isLearner, clientUrls: advertised } of members) {
    if (name === '' || isLearner) continue;
    for (const url of advertised) {
      try {
        const endpoint = parseEndpoint(url, false, 'the URL');
        const identity = identityOf(endpoint);
        if ((endpoint.secure || !tlsOnly) && !urls.has(identity)) urls.set(identity, url);
      } catch (error) {
        const [member, reason] = [serverText(name), reasonText(error)];
        logger.warn(`member ${member} advertises a client URL that is left out: ${reason}`, { member, reason });
      }
    }
  }
  return urls;
}
