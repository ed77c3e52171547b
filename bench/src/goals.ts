// Data: the goals of the client. They are ratios within one run, never absolute numbers.
import type { ClientName } from './clients/index.ts';
import type { Metric } from './statistics.ts';

/** A bound on the ratio of one client to another. */
export interface Goal {
  /** The id of a series, or `startup`. */
  readonly series: string;
  readonly metric: Metric;
  readonly base: ClientName;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** The goals of the client, as ratios to grpc-js. */
export const goals: readonly Goal[] = [
  { series: 'fake/put/64', metric: 'cpu', base: 'grpc-js', atMost: 0.9 },
  { series: 'fake/get/64', metric: 'cpu', base: 'grpc-js', atMost: 0.9 },
  { series: 'fake/txn/64', metric: 'cpu', base: 'grpc-js', atMost: 0.9 },
  { series: 'fake/range/16', metric: 'cpu', base: 'grpc-js', atMost: 0.45 },
  { series: 'fake/watch/1', metric: 'cpu', base: 'grpc-js', atMost: 0.55 },
  { series: 'fake/watch/1', metric: 'cpu', base: 'etcd3', atMost: 0.55 },
  { series: 'startup', metric: 'wall', base: 'etcd3', atMost: 0.55 },
  { series: 'fake/put/64', metric: 'throughput', base: 'etcd3', atLeast: 1.25 },
  { series: 'fake/get/64', metric: 'throughput', base: 'etcd3', atLeast: 1.25 },
  { series: 'fake/txn/64', metric: 'throughput', base: 'etcd3', atLeast: 1.25 },
  { series: 'fake/range/16', metric: 'throughput', base: 'etcd3', atLeast: 2 },
  { series: 'fake/watch/1', metric: 'throughput', base: 'etcd3', atLeast: 1.8 },
  { series: 'etcd/watches/1000', metric: 'cpu', base: 'etcd3', atMost: 0.5 },
  { series: 'etcd/watches/1000', metric: 'wall', base: 'etcd3', atMost: 0.5 },
  { series: 'etcd/put/1', metric: 'p50', base: 'etcd3', atMost: 1 },
  { series: 'etcd/get/1', metric: 'p50', base: 'etcd3', atMost: 1 },
];
