import { invalidArgument } from '@etcdts/core/plugin';
import { Counter, Gauge, Histogram, type Metric, type OpenMetricsContentType, type Registry } from 'prom-client';
import { Sources } from './sources.ts';

/** The labels of one metric, with values. */
export type Labels = Readonly<Record<string, string>>;

/** A registry of prom-client, for either text format. */
export type AnyRegistry = Registry | Registry<OpenMetricsContentType>;

/** Fields of prom-client's metrics for which it has no types. */
interface Inside {
  readonly type: string;
  readonly labelNames: readonly string[];
  readonly upperBounds?: readonly number[];
  collect?: () => unknown;
}

const RPC = ['grpc_type', 'grpc_service', 'grpc_method'];
/** Every label except the constant ones. Their values come from closed sets. */
export const OWN_LABELS: readonly string[] = [...RPC, 'grpc_code', 'reason', 'endpoint', 'state', 'le'];

/** Where a metric of this version of the package has its instruments. Two copies of it in one process share them. */
const SHARED: unique symbol = Symbol.for('@etcdts/metrics 0.1.0') as never;

/**
 * The metrics in one registry, and the sources that report to them. Each count in prom-client costs a microsecond or more.
 * Therefore sources keep counts of their own, and report them when a metric is read.
 */
export class Instruments {
  readonly started: Counter;
  readonly handled: Counter;
  readonly received: Counter;
  readonly sent: Counter;
  readonly retries: Counter;
  readonly watches: Gauge;
  readonly parked: Gauge;
  readonly bufferedBytes: Gauge;
  readonly resumes: Counter;
  readonly events: Counter;
  readonly leases: Gauge;
  readonly lost: Counter;
  readonly keepalive: Histogram;
  readonly endpoints: Gauge;
  readonly sources: Sources = new Sources();
  /** The constant labels of all sources so far, by their text. */
  readonly #shown: Map<string, Labels> = new Map();
  readonly #registry: AnyRegistry;
  readonly #labels: readonly string[];
  #fresh = false;

  private constructor(registry: AnyRegistry, labels: readonly string[]) {
    this.#registry = registry;
    this.#labels = labels;
    this.started = this.#shared(Counter, 'grpc_client_started_total', 'RPCs and streams started.', RPC);
    this.handled = this.#shared(Counter, 'grpc_client_handled_total', 'RPCs and streams ended, by code.', [
      ...RPC,
      'grpc_code',
    ]);
    this.received = this.#shared(Counter, 'grpc_client_msg_received_total', 'Messages received.', RPC);
    this.sent = this.#shared(Counter, 'grpc_client_msg_sent_total', 'Messages sent.', RPC);
    this.retries = this.#own(
      Counter,
      'etcdts_retries_total',
      'Attempts after the first, by the error of the previous one.',
      ['grpc_service', 'grpc_method', 'reason'],
    );
    this.watches = this.#own(Gauge, 'etcdts_watches', 'Watches that are open.');
    this.parked = this.#own(
      Gauge,
      'etcdts_watches_parked',
      'Watches that are cancelled until their reader catches up.',
    );
    this.bufferedBytes = this.#own(
      Gauge,
      'etcdts_watch_buffered_bytes',
      'Bytes received for watches and not yet read.',
    );
    this.resumes = this.#own(
      Counter,
      'etcdts_watch_resumes_total',
      'Lost watch streams after which watches were resumed.',
    );
    this.events = this.#own(Counter, 'etcdts_watch_events_total', 'Events given to watches.');
    this.leases = this.#own(Gauge, 'etcdts_leases', 'Leases that are kept alive.');
    this.lost = this.#own(Counter, 'etcdts_leases_lost_total', 'Leases that ended while they were kept alive.');
    this.keepalive = this.#own(Histogram, 'etcdts_lease_keepalive_seconds', 'From a keepalive to its answer.');
    this.endpoints = this.#own(
      Gauge,
      'etcdts_endpoint_state',
      'Clients whose endpoint at this position in their list is in this state.',
      ['endpoint', 'state'],
    );
    for (const metric of this.#collected()) this.#refreshBefore(metric);
    Object.defineProperty(this.watches, SHARED, { value: this });
  }

  /** Returns the metrics in a registry: the existing ones, or new ones with these constant labels. */
  static in(registry: AnyRegistry, labels: readonly string[]): Instruments {
    // A registry that was cleared does not hold it any more.
    const watches = registry.getSingleMetric('etcdts_watches') as { [SHARED]?: Instruments } | undefined;
    const known = watches?.[SHARED];
    if (known === undefined) return new Instruments(registry, labels);
    demand(known.started, labels);
    return known;
  }

  /** Returns the optional histogram. */
  handling(buckets: readonly number[] | undefined): Histogram {
    const histogram = this.#shared(
      Histogram,
      'grpc_client_handling_seconds',
      'From start to end of RPCs and streams.',
      RPC,
      buckets,
    );
    const { upperBounds = [] } = inside(histogram);
    if (buckets !== undefined && String(upperBounds) !== String(buckets)) {
      throw invalidArgument(
        'histogram.buckets',
        `must be those that the registry's ${nameOf(histogram)} has: ${upperBounds.join(', ')}`,
      );
    }
    return histogram;
  }

  /** Shows the gauges with these constant labels from now on, as 0 if no source has more. */
  show(labels: Labels): void {
    const names = Object.keys(labels).toSorted();
    this.#shown.set(JSON.stringify(names.map((name) => [name, labels[name]])), labels);
  }

  #collected(): readonly Metric[] {
    const {
      started,
      handled,
      received,
      sent,
      watches,
      parked,
      bufferedBytes,
      resumes,
      events,
      leases,
      lost,
      endpoints,
    } = this;
    return [started, handled, received, sent, watches, parked, bufferedBytes, resumes, events, leases, lost, endpoints];
  }

  /** Makes the sources report once for all metrics that are read together. */
  #refreshBefore(metric: Metric): void {
    const own = inside(metric);
    const before = own.collect;
    own.collect = () => {
      this.#refresh();
      return before?.call(metric);
    };
  }

  #refresh(): void {
    if (this.#fresh) return;
    this.#fresh = true;
    queueMicrotask(() => (this.#fresh = false));
    const { watches, parked, bufferedBytes, leases, endpoints } = this;
    endpoints.reset();
    for (const gauge of [watches, parked, bufferedBytes, leases]) {
      gauge.reset();
      for (const labels of this.#shown.values()) gauge.set(labels, 0);
    }
    this.sources.report();
  }

  /** Makes a metric that only this package uses. */
  #own<M extends Metric>(type: MetricType<M>, name: string, help: string, labels: readonly string[] = []): M {
    if (this.#registry.getSingleMetric(name) !== undefined) {
      throw invalidArgument(
        'registry',
        `holds a metric ${name} that is not of this package, or of another version of it`,
      );
    }
    return this.#make(type, name, help, labels);
  }

  /** Returns a metric that other gRPC clients in the process may use too. */
  #shared<M extends Metric>(
    type: MetricType<M>,
    name: string,
    help: string,
    labels: readonly string[],
    buckets?: readonly number[],
  ): M {
    const found = this.#registry.getSingleMetric(name);
    if (found === undefined) return this.#make(type, name, help, labels, buckets);
    if (inside(found).type !== type.name.toLowerCase())
      throw invalidArgument('registry', `holds a ${name} that is no ${type.name.toLowerCase()}`);
    demand(found, [...labels, ...this.#labels]);
    return found as M;
  }

  #make<M extends Metric>(
    type: MetricType<M>,
    name: string,
    help: string,
    labels: readonly string[],
    buckets?: readonly number[],
  ): M {
    const labelNames = [...labels, ...this.#labels];
    return new type({ name, help, labelNames, registers: [this.#registry], ...(buckets && { buckets: [...buckets] }) });
  }
}

function demand(metric: Metric, labels: readonly string[]): void {
  const missing = labels.find((label) => !inside(metric).labelNames.includes(label));
  if (missing !== undefined)
    throw invalidArgument('registry', `holds a ${nameOf(metric)} without the label ${JSON.stringify(missing)}`);
}

type MetricType<M> = new (options: {
  name: string;
  help: string;
  labelNames: string[];
  registers: AnyRegistry[];
  buckets?: number[];
}) => M;

function inside(metric: Metric): Inside {
  return metric as unknown as Inside;
}

function nameOf(metric: Metric): string {
  return (metric as unknown as { readonly name: string }).name;
}
