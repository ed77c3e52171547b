// Data: the operations that are measured, their server, their concurrency and their clients.
import type { ClientName } from './clients/index.ts';
import type { Metric } from './statistics.ts';
import type { Operation } from './workload.ts';

/** `fake` is the server with fixed answers, `etcd` a real one. `none` is for the start of a process. */
export type Server = 'fake' | 'etcd' | 'none';

/** One row of the tables. */
export interface Series {
  /** The id, such as `fake/put/64`. */
  readonly id: string;
  readonly server: Server;
  readonly operation: Operation | 'startup' | 'copies';
  readonly concurrency: number;
  readonly clients: readonly ClientName[];
  /** What the row is about. */
  readonly metric: Metric;
  /** The load before each slice. Large answers have one, because V8 shrinks its young generation between slices. */
  readonly leadMillis: number;
  /** The length of a slice, as a multiple of the usual one. */
  readonly slices: number;
  /**
   * The least length of a slice that is not counted. Large answers need a long one: few fit into a slice, and V8 has dropped the
   * code that was compiled for earlier rows.
   */
  readonly warmMillis: number;
}

/** Many concurrent callers. CPU and throughput are judged by these series. */
const MANY = 64;
/** The number of concurrent callers for large answers. */
const SOME = 16;
/** The number of concurrent callers for values of 1 MiB. */
const FEW = 8;

const LEAD_MS = 200;
const LONG_WARM_MS = 1_500;

const peers = ['grpc-js', 'etcd3', 'go'] as const;
const ours = ['etcdts', 'http2'] as const;
const all = ['etcdts-all', 'http2-all'] as const;
const above = ['null', 'null-namespace', 'null-all'] as const;
const each = [...peers, ...ours, ...all, 'http2-namespace', ...above] as const;

function row(
  server: Server,
  operation: Operation,
  concurrency: number,
  clients: readonly ClientName[] = [...peers, ...ours],
  more: Partial<Series> = {},
): Series {
  const id = `${server}/${operation}/${concurrency}`;
  return {
    id,
    server,
    operation,
    concurrency,
    clients,
    metric: 'cpu',
    leadMillis: 0,
    slices: 1,
    warmMillis: 0,
    ...more,
  };
}

const large = { leadMillis: LEAD_MS, slices: 2, warmMillis: LONG_WARM_MS };
/** etcd3 has no pages, and its snapshot is a stream of its gRPC client. */
const withoutEtcd3: readonly ClientName[] = ['grpc-js', 'go', ...ours];

export const startupSeries: Series = {
  ...row('none', 'put', 1, ['grpc-js', 'etcd3', ...ours]),
  id: 'startup',
  operation: 'startup',
  metric: 'wall',
};

/** Copies are measured in a process of their own, on this project's client. */
export const copiesSeries: Series = { ...row('etcd', 'get', 1, ['http2']), id: 'copies', operation: 'copies' };

/** The rows in the order of a run. The database is small when its snapshot is read. */
export const allSeries: readonly Series[] = [
  row('fake', 'put', MANY, each),
  row('fake', 'get', MANY, each),
  row('fake', 'txn', MANY, each),
  row('fake', 'tls-put', MANY),
  row('fake', 'range', SOME, [...peers, ...ours, ...all, 'http2-namespace'], large),
  row('fake', 'tls-range', SOME, undefined, large),
  row('fake', 'keys', 1, undefined, large),
  row('fake', 'keys', 4, undefined, large),
  row('fake', 'large-get', FEW, undefined, large),
  row('fake', 'large-put', FEW, undefined, large),
  row('fake', 'watch', 1, [...peers, ...ours, ...all]),
  row('fake', 'watch-100', 1, [...peers, ...ours, ...all]),
  row('fake', 'leases', 1),
  row('etcd', 'snapshot', 1, withoutEtcd3, large),
  row('etcd', 'pages', 1, withoutEtcd3, large),
  row('etcd', 'put', MANY, [...peers, ...ours, ...all]),
  row('etcd', 'get', MANY, [...peers, ...ours, ...all]),
  row('etcd', 'txn', MANY, [...peers, ...ours, ...all]),
  row('etcd', 'range', SOME, undefined, large),
  row('etcd', 'put', 1, [...peers, ...ours, 'frames'], { metric: 'p50' }),
  row('etcd', 'get', 1, undefined, { metric: 'p50' }),
  row('etcd', 'watch', 1, undefined, { leadMillis: LEAD_MS, slices: 2 }),
  row('etcd', 'fan-out', 1, undefined, { leadMillis: LEAD_MS }),
  row('etcd', 'watches', 1),
  row('etcd', 'watch-memory', 1, ['etcd3', 'go', ...ours, 'http2-namespace'], { metric: 'memory' }),
  row('etcd', 'reader-memory', 1, ['etcd3', 'go', ...ours, 'http2-namespace'], { metric: 'memory' }),
  copiesSeries,
  startupSeries,
];
