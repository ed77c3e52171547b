import { checkOptions, invalidArgument, type Interceptor } from '@etcdts/core/plugin';
import type { Histogram, OpenMetricsContentType, Registry } from 'prom-client';
import { ClientCounts } from './client-counts.ts';
import { Instruments, OWN_LABELS, type Labels } from './instruments.ts';
import { countStream, countUnary } from './rpc-counts.ts';

/** The buckets of `grpc_client_handling_seconds`. */
export interface HistogramOptions {
  /** Upper bounds in seconds, ascending. Defaults to Prometheus' own: 0.005 to 10 in eleven steps. */
  buckets?: readonly number[] | undefined;
}

/** Options of `metrics()`. */
export interface MetricsOptions {
  /** The registry of the metrics: prom-client's `register`, or another one. Existing metrics with the same names are reused. */
  registry: Registry | Registry<OpenMetricsContentType>;
  /** Whether the durations of RPCs and streams are counted too, in `grpc_client_handling_seconds`. Off by default. */
  histogram?: boolean | HistogramOptions | undefined;
  /** Constant labels of all metrics, such as `{ cluster: 'config' }`. A registry has one set of names. */
  labels?: Readonly<Record<string, string>> | undefined;
}

const LABEL = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * An interceptor that counts RPCs, streams and messages as go-grpc-prometheus does (`grpc_client_*`), and reports watches,
 * leases, retries and endpoints (`etcdts_*`).
 *
 * Above `retry()` it counts calls, below it attempts. One interceptor may be attached to many clients, and many may report to one
 * registry: one for each client costs no more than one for all of them, once the clients are closed. The values of a client
 * leave the gauges when it is closed; counters never go down. No label has a key, a value, a user or an address. Throws an
 * EtcdError if an option is wrong, or if the registry holds a metric of the same name and another kind.
 */
export function metrics(options: MetricsOptions): Interceptor {
  if (typeof (options as Partial<Registry> | undefined)?.getSingleMetric === 'function')
    throw invalidArgument('registry', 'must be given by name: metrics({ registry })');
  checkOptions<MetricsOptions>(options, { registry: true, histogram: true, labels: true });
  if (typeof options?.registry?.getSingleMetric !== 'function')
    throw invalidArgument('registry', 'must be a registry of prom-client');
  const labels = checkedLabels(options.labels ?? {});
  const instruments = Instruments.in(options.registry, Object.keys(labels));
  const handling = handlingOf(instruments, options.histogram ?? false);
  const counts = new ClientCounts(instruments, labels, handling);
  return {
    name: 'metrics',
    unary: (next, method, site) => countUnary(next, counts.of(method, site), site.clock),
    stream: (next, method, site) => countStream(next, counts.of(method, site), site.clock),
  };
}

function handlingOf(instruments: Instruments, histogram: boolean | HistogramOptions): Histogram | undefined {
  if (histogram === false) return undefined;
  if (histogram !== true) checkOptions<HistogramOptions>(histogram, { buckets: true }, 'histogram');
  const { buckets } = histogram === true ? {} : histogram;
  if (buckets !== undefined && !(Array.isArray(buckets) && buckets.length > 0 && buckets.every(isAscending))) {
    throw invalidArgument('histogram.buckets', 'must be numbers of seconds, ascending');
  }
  return instruments.handling(buckets);
}

function isAscending(bound: unknown, i: number, bounds: readonly unknown[]): boolean {
  return typeof bound === 'number' && Number.isFinite(bound) && (i === 0 || bound > (bounds[i - 1] as number));
}

function checkedLabels(labels: Labels): Labels {
  if (typeof labels !== 'object' || labels === null) throw invalidArgument('labels', 'must be an object');
  for (const [name, value] of Object.entries(labels)) {
    if (!LABEL.test(name)) throw invalidArgument('labels', `name ${JSON.stringify(name)}, which is no name of a label`);
    if (OWN_LABELS.includes(name)) throw invalidArgument('labels', `name ${name}, which this package gives itself`);
    if (typeof value !== 'string') throw invalidArgument('labels', `have a ${name} that is no string`);
  }
  return { ...labels };
}
