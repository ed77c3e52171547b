// Data: the operations that are measured, their server and their concurrency.
import { type Operation, WATCHES } from './workload.ts';

/** `fake` is the server with fixed answers, `etcd` a real one. */
export type Server = 'fake' | 'etcd';

/** One row of the tables. */
export interface Series {
  /** The id, such as `fake/put/64`. */
  readonly id: string;
  readonly server: Server;
  readonly operation: Operation;
  readonly concurrency: number;
}

/** Many concurrent callers. CPU and throughput are judged by these series. */
const MANY = 64;
/** The number of concurrent callers for large answers. */
const SOME = 16;

function row(server: Server, operation: Operation, concurrency: number): Series {
  return { id: `${server}/${operation}/${concurrency}`, server, operation, concurrency };
}

export const allSeries: readonly Series[] = [
  row('fake', 'put', MANY),
  row('fake', 'get', MANY),
  row('fake', 'txn', MANY),
  row('fake', 'range', SOME),
  row('fake', 'watch', 1),
  row('etcd', 'put', MANY),
  row('etcd', 'get', MANY),
  row('etcd', 'txn', MANY),
  row('etcd', 'range', SOME),
  row('etcd', 'watch', 1),
  row('etcd', 'watches', WATCHES),
  row('etcd', 'put', 1),
  row('etcd', 'get', 1),
];
