import type { InterceptorSite, Method } from '@etcdts/core/plugin';
import type { Histogram } from 'prom-client';
import type { Instruments, Labels } from './instruments.ts';
import { ObservedClients } from './observed-clients.ts';
import { RpcCounts } from './rpc-counts.ts';
import type { Source } from './sources.ts';

/**
 * The counts of one `metrics()`, over all its clients. The registry holds them only until the last client is closed and its sums
 * are reported, so that a `metrics()` that is made for each client costs nothing after that client.
 */
export class ClientCounts implements Source {
  readonly #instruments: Instruments;
  readonly #labels: Labels;
  readonly #handling: Histogram | undefined;
  readonly #clients: ObservedClients;
  readonly #counted: Map<Method, RpcCounts> = new Map();

  constructor(instruments: Instruments, labels: Labels, handling: Histogram | undefined) {
    this.#instruments = instruments;
    this.#labels = labels;
    this.#handling = handling;
    this.#clients = new ObservedClients(instruments, labels);
    instruments.show(labels);
  }

  /** Returns the counts of one method, and adds the client of this site to them. */
  of(method: Method, site: InterceptorSite): RpcCounts {
    this.#clients.add(site);
    this.#instruments.sources.attach(this);
    let counts = this.#counted.get(method);
    if (counts === undefined) {
      // A call may begin or end after its client is closed. Its counts are reported too.
      const changed = (): void => this.#instruments.sources.attach(this);
      counts = new RpcCounts(method, this.#labels, this.#instruments, this.#handling, changed);
      this.#counted.set(method, counts);
    }
    return counts;
  }

  get over(): boolean {
    return this.#clients.none;
  }

  report(): void {
    this.#handOver();
    this.#clients.report();
  }

  settle(): void {
    this.#clients.letGo();
    if (this.over) this.#handOver();
  }

  #handOver(): void {
    for (const counts of this.#counted.values()) counts.report(this.#instruments);
  }
}
