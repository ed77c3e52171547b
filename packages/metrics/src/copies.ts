import { checkOptions, invalidArgument } from '@etcdts/core/plugin';
import { Counter, Gauge, type OpenMetricsContentType, type Registry } from 'prom-client';
import type { AnyRegistry } from './instruments.ts';

/** What is counted of a copy: `cache` of `@etcdts/cache` returns one, and so may any object with such a method. */
export interface CountedCopy {
  /** The numbers of the copy at this moment. Called when the registry is read. */
  stats(): {
    /** Whether the copy is whole and current. */
    readonly ready: boolean;
    /** Whether it is closed. It is not counted any more then. */
    readonly ended: boolean;
    /** How many keys it has. */
    readonly entries: number;
    /** How often it was read anew. */
    readonly restarts: number;
    /** How many revisions etcd is known to be ahead of it. */
    readonly lag: bigint;
  };
}

/** Options of `copyMetrics`. */
export interface CopyMetricsOptions {
  /** The registry of the metrics. */
  registry: Registry | Registry<OpenMetricsContentType>;
}

/** Where a metric of this version of the package has its copies. Two copies of the package in one process share them. */
const SHARED: unique symbol = Symbol.for('@etcdts/metrics 0.1.0 copies') as never;

/**
 * Counts copies in a registry, each under its name in the object: `etcdts_copies`, and with the label `copy`, `etcdts_copy_ready`,
 * `etcdts_copy_entries`, `etcdts_copy_lag_revisions` and `etcdts_copy_restarts_total`. They are read when the registry is. May be
 * called again for further copies; the name of one that has ended is free. Throws `INVALID_ARGUMENT` for a name that is taken.
 *
 *     copyMetrics({ config, services }, { registry: register });
 */
export function copyMetrics(copies: Readonly<Record<string, CountedCopy>>, options: CopyMetricsOptions): void {
  checkOptions<CopyMetricsOptions>(options, { registry: 'object' });
  const registry = options?.registry as AnyRegistry | undefined;
  if (typeof registry?.getSingleMetric !== 'function')
    throw invalidArgument('registry', 'must be a registry of prom-client, such as its `register`');
  if (typeof copies !== 'object' || copies === null)
    throw invalidArgument('copies', 'must be an object of copies, by name');
  const counted = CopyInstruments.in(registry);
  for (const [name, copy] of Object.entries(copies)) counted.add(name, copy);
}

/** The metrics of copies in one registry. */
class CopyInstruments {
  readonly #copies: Map<string, CountedCopy> = new Map();
  /** The restarts of each name that were counted. */
  readonly #restarts: Map<string, { readonly copy: CountedCopy; readonly count: number }> = new Map();
  readonly #open: Gauge;
  readonly #ready: Gauge;
  readonly #entries: Gauge;
  readonly #lag: Gauge;
  readonly #restarted: Counter;
  #fresh = false;

  private constructor(registry: AnyRegistry) {
    const collect = (): void => this.#refresh();
    const gauge = (name: string, help: string, labelNames: string[] = ['copy']): Gauge =>
      new Gauge({ name, help, labelNames, registers: [registry as never], collect });
    this.#open = gauge('etcdts_copies', 'Copies that are kept current.', []);
    this.#ready = gauge('etcdts_copy_ready', 'Whether the copy is whole and current.');
    this.#entries = gauge('etcdts_copy_entries', 'Keys of the copy.');
    this.#lag = gauge('etcdts_copy_lag_revisions', 'Revisions that etcd is known to be ahead of the copy.');
    this.#restarted = new Counter({
      ...{ name: 'etcdts_copy_restarts_total', help: 'How often the copy was read anew.', labelNames: ['copy'] },
      ...{ registers: [registry as never], collect },
    });
    Object.defineProperty(this.#open, SHARED, { value: this });
  }

  static in(registry: AnyRegistry): CopyInstruments {
    // A registry that was cleared does not hold it any more.
    const open = registry.getSingleMetric('etcdts_copies') as { [SHARED]?: CopyInstruments } | undefined;
    return open?.[SHARED] ?? new CopyInstruments(registry);
  }

  add(name: string, copy: CountedCopy): void {
    if (typeof copy?.stats !== 'function')
      throw invalidArgument(`copies.${name}`, 'must be a copy: what cache() returns');
    const known = this.#copies.get(name);
    if (known !== undefined && known !== copy && !known.stats().ended)
      throw invalidArgument(`copies.${name}`, 'is the name of another copy, which is counted already');
    this.#copies.set(name, copy);
  }

  /** Reads all copies once for all metrics that are read together. */
  #refresh(): void {
    if (this.#fresh) return;
    this.#fresh = true;
    queueMicrotask(() => (this.#fresh = false));
    for (const gauge of [this.#ready, this.#entries, this.#lag]) gauge.reset();
    for (const [copy, counted] of this.#copies) this.#report(copy, counted);
    this.#open.set(this.#copies.size);
  }

  #report(copy: string, counted: CountedCopy): void {
    const { ready, ended, entries, restarts, lag } = counted.stats();
    const known = this.#restarts.get(copy);
    this.#restarted.inc({ copy }, restarts - (known?.copy === counted ? known.count : 0));
    this.#restarts.set(copy, { copy: counted, count: restarts });
    if (ended) {
      this.#copies.delete(copy);
      this.#restarts.delete(copy);
      return;
    }
    this.#ready.set({ copy }, ready ? 1 : 0);
    this.#entries.set({ copy }, entries);
    this.#lag.set({ copy }, Number(lag));
  }
}
