import type { ClientStats, EndpointStats, InterceptorSite } from '@etcdts/core/plugin';
import type { Instruments, Labels } from './instruments.ts';

/** All states, so that the state that an endpoint leaves goes down to 0. */
const STATES: readonly EndpointStats['state'][] = ['idle', 'connecting', 'ready', 'failed'];
const FEW = 16;

/** A client's counters as they were last reported. */
interface Reported {
  readonly resumes: number;
  readonly events: number;
  readonly lost: number;
}

const NOTHING: Reported = { resumes: 0, events: 0, lost: 0 };

/** The clients of one `metrics()`. Their numbers are read when a metric is read; closed clients are removed. */
export class ObservedClients {
  readonly #instruments: Instruments;
  readonly #labels: Labels;
  readonly #clients: Map<InterceptorSite, Reported> = new Map();
  #many = FEW;

  constructor(instruments: Instruments, labels: Labels) {
    this.#instruments = instruments;
    this.#labels = labels;
  }

  add(site: InterceptorSite): void {
    if (this.#clients.has(site)) return;
    // Clients may come and go while the metrics are never read.
    if (this.#clients.size >= this.#many) {
      this.letGo();
      this.#many = Math.max(FEW, 2 * this.#clients.size);
    }
    this.#clients.set(site, NOTHING);
  }

  get none(): boolean {
    return this.#clients.size === 0;
  }

  /** Adds the increase of the counters since the last time, and removes closed clients. */
  letGo(): void {
    for (const [site, reported] of this.#clients) this.#count(site, site.stats(), reported);
  }

  report(): void {
    const { watches, parked, bufferedBytes, leases, endpoints } = this.#instruments;
    const labels = this.#labels;
    const connections = new Set<object>();
    for (const [site, reported] of this.#clients) {
      const stats = site.stats();
      this.#count(site, stats, reported);
      const open = stats.closed ? 0 : 1;
      watches.inc(labels, open * stats.watches.open);
      parked.inc(labels, open * stats.watches.parked);
      bufferedBytes.inc(labels, open * stats.watches.bufferedBytes);
      leases.inc(labels, open * stats.leases.kept);
      // Clients that were derived from each other have the same endpoints.
      if (stats.closed || connections.has(site.connections)) continue;
      connections.add(site.connections);
      stats.endpoints.forEach((endpoint, place) => {
        for (const state of STATES)
          endpoints.inc({ endpoint: String(place), state, ...labels }, endpoint.state === state ? 1 : 0);
      });
    }
  }

  /** Adds the increase of the counters since the last time. For a closed client this is the last time. */
  #count(site: InterceptorSite, { watches, leases, closed }: ClientStats, reported: Reported): void {
    const { resumes, events, lost } = this.#instruments;
    resumes.inc(this.#labels, watches.resumes - reported.resumes);
    events.inc(this.#labels, watches.events - reported.events);
    lost.inc(this.#labels, leases.lost - reported.lost);
    if (closed) this.#clients.delete(site);
    else this.#clients.set(site, { resumes: watches.resumes, events: watches.events, lost: leases.lost });
  }
}
