/**
 * `@etcdts/metrics` counts what an etcd client does, for Prometheus, in the registry of the service.
 *
 * Create it with a registry of prom-client:
 *
 *     const counted = metrics({ registry: register, histogram: true });
 *
 * Attach it:
 *
 *     const client = createClient({ endpoints: 'localhost:2379', interceptors: [counted] });
 *
 * Use it: `await register.metrics()` has `grpc_client_*` with the names and labels of go-grpc-prometheus, so that dashboards
 * of Go services show this one too, and `etcdts_*` for watches, leases, retries and endpoints. A dashboard for Grafana comes
 * with the package.
 *
 * @module
 *
 * @packageDocumentation
 */
export { copyMetrics, type CopyMetricsOptions, type CountedCopy } from './copies.ts';
export { metrics, type HistogramOptions, type MetricsOptions } from './metrics.ts';
