// Data: the goals of the client. They are ratios within one run; absolute are memory, which hardly depends on the machine, and local
// reads of a copy, which have nothing beside them.
import type { ClientName } from './clients/index.ts';
import type { Metric } from './statistics.ts';

/** A bound on the ratio of one client to another, or on what a client needs. */
export interface Goal {
  /** The id of a row. */
  readonly row: string;
  readonly metric: Metric;
  /** The label of the client. */
  readonly client: string;
  /** The client that is divided by. Without one, the bound is in the metric's unit. */
  readonly base?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

const unary = ['put', 'get', 'txn'] as const;

function cpu(row: string, client: ClientName, base: ClientName, atMost: number): Goal {
  return { row, metric: 'cpu', client, base, atMost };
}

function memory(row: string, client: ClientName, atMost: number): Goal {
  return { row, metric: 'memory', client, atMost };
}

const many = ['fake/keys/1', 'fake/keys/4', 'etcd/pages/1', 'fake/large-get/8'] as const;

/** The goals over grpc-js. */
const overGrpc: readonly Goal[] = [
  ...unary.map((operation) => cpu(`fake/${operation}/64`, 'etcdts', 'grpc-js', 0.85)),
  ...unary.map((operation) => cpu(`fake/${operation}/64`, 'etcdts-all', 'grpc-js', 0.9)),
  { row: 'etcd/put/64', metric: 'throughput', client: 'etcdts', base: 'grpc-js', atLeast: 1.2 },
  cpu('fake/range/16', 'etcdts', 'grpc-js', 0.3),
  ...many.map((row) => cpu(row, 'etcdts', 'grpc-js', 0.4)),
  cpu('fake/watch/1', 'etcdts', 'grpc-js', 0.45),
  cpu('fake/watch-100/1', 'etcdts', 'grpc-js', 0.25),
  cpu('fake/leases/1', 'etcdts', 'etcd3', 0.26),
  memory('fake/lease-memory/1', 'etcdts', 1_200),
  memory('etcd/watch-memory/1', 'etcdts', 600),
  memory('etcd/reader-memory/1', 'etcdts', 1_400),
  { row: 'startup', metric: 'wall', client: 'etcdts', base: 'etcd3', atMost: 0.55 },
  { row: 'etcd/put/1', metric: 'p50', client: 'etcdts', base: 'etcd3', atMost: 0.7 },
];

/** The goals over http2: of grpc-js, and of Go. */
const overHttp2: readonly Goal[] = [
  ...unary.flatMap((operation) => [
    cpu(`fake/${operation}/64`, 'http2', 'grpc-js', 0.1),
    cpu(`fake/${operation}/64`, 'http2', 'go', 0.5),
    cpu(`fake/${operation}/64`, 'http2-all', 'grpc-js', 0.15),
    cpu(`fake/${operation}/64`, 'http2-all', 'go', 0.75),
  ]),
  { row: 'etcd/put/64', metric: 'throughput', client: 'http2', base: 'grpc-js', atLeast: 3.5 },
  { row: 'etcd/put/64', metric: 'throughput', client: 'http2', base: 'go', atLeast: 1.2 },
  cpu('fake/range/16', 'http2', 'grpc-js', 0.15),
  cpu('fake/range/16', 'http2', 'go', 1.2),
  ...many.map((row) => cpu(row, 'http2', 'go', 1.5)),
  cpu('fake/watch/1', 'http2', 'grpc-js', 0.15),
  cpu('fake/watch/1', 'http2', 'go', 0.9),
  cpu('fake/watch-100/1', 'http2', 'grpc-js', 0.18),
  cpu('fake/watch-100/1', 'http2', 'go', 0.9),
  cpu('etcd/watch/1', 'http2', 'go', 1),
  cpu('etcd/fan-out/1', 'http2', 'go', 1.2),
  cpu('fake/leases/1', 'http2', 'go', 0.9),
  memory('fake/lease-memory/1', 'http2', 1_200),
  memory('etcd/watch-memory/1', 'http2', 600),
  memory('etcd/reader-memory/1', 'http2', 1_400),
  { row: 'startup', metric: 'wall', client: 'http2', base: 'etcd3', atMost: 0.3 },
  { row: 'etcd/put/1', metric: 'p50', client: 'http2', base: 'go', atMost: 0.8 },
];

/** The goals of what stands above a connection, which the transport cannot hide. */
const aboveConnection: readonly Goal[] = [
  cpu('fake/put/64', 'null', 'grpc-js', 0.05),
  cpu('fake/get/64', 'null', 'grpc-js', 0.05),
  cpu('fake/txn/64', 'null', 'grpc-js', 0.08),
];

/** The goals from before there was a second transport, beside etcd3. */
const besideEtcd3: readonly Goal[] = [
  cpu('fake/watch/1', 'etcdts', 'etcd3', 0.55),
  ...unary.map((operation): Goal => {
    return { row: `fake/${operation}/64`, metric: 'throughput', client: 'etcdts', base: 'etcd3', atLeast: 1.25 };
  }),
  { row: 'fake/range/16', metric: 'throughput', client: 'etcdts', base: 'etcd3', atLeast: 2 },
  { row: 'fake/watch/1', metric: 'throughput', client: 'etcdts', base: 'etcd3', atLeast: 1.8 },
  cpu('etcd/watches/1', 'etcdts', 'etcd3', 0.5),
  { row: 'etcd/watches/1', metric: 'wall', client: 'etcdts', base: 'etcd3', atMost: 0.5 },
  { row: 'etcd/get/1', metric: 'p50', client: 'etcdts', base: 'etcd3', atMost: 1 },
];

/** The goals of copies: beside what they stand for, and the time of local reads. */
const copies: readonly Goal[] = [
  { row: 'copies/memory', metric: 'memory', client: 'copy', base: 'map', atMost: 1.5 },
  { row: 'copies/fill', metric: 'throughput', client: 'copy', base: 'pages', atLeast: 0.8 },
  { row: 'copies/peek', metric: 'cpu', client: 'copy', atMost: 1 },
  { row: 'copies/get', metric: 'cpu', client: 'copy', atMost: 5 },
  { row: 'copies/get', metric: 'cpu', client: 'copy', base: 'canned', atMost: 0.7 },
  { row: 'copies/watches', metric: 'cpu', client: 'copy', base: 'etcd', atMost: 0.3 },
];

export const goals: readonly Goal[] = [...overGrpc, ...overHttp2, ...aboveConnection, ...besideEtcd3, ...copies];
