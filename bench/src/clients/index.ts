// Data: the clients.
import { http2Transport } from '@etcdts/http2';
import { etcd3 } from './etcd3.ts';
import { etcdts } from './etcdts.ts';
import { grpcJs } from './grpc-js.ts';
import { nullTransport } from './null-transport.ts';
import { preparedFrames } from './prepared-frames.ts';
import type { Subject, Target } from './subject.ts';

/** The clients that run in Node. */
export type NodeClientName =
  | 'etcdts'
  | 'etcdts-namespace'
  | 'etcdts-all'
  | 'http2'
  | 'http2-namespace'
  | 'http2-all'
  | 'null'
  | 'null-namespace'
  | 'null-all'
  | 'frames'
  | 'grpc-js'
  | 'etcd3';

/** All clients. `go` is clientv3, a program of its own. */
export type ClientName = NodeClientName | 'go';

/** Connects each client to a server. */
export const subjects: Readonly<Record<NodeClientName, (target: Target) => Subject>> = {
  etcdts: (target) => etcdts(target),
  'etcdts-namespace': (target) => etcdts(target, undefined, 'namespace'),
  'etcdts-all': (target) => etcdts(target, undefined, 'all'),
  http2: (target) => etcdts(target, http2Transport()),
  'http2-namespace': (target) => etcdts(target, http2Transport(), 'namespace'),
  'http2-all': (target) => etcdts(target, http2Transport(), 'all'),
  null: (target) => etcdts(target, nullTransport),
  'null-namespace': (target) => etcdts(target, nullTransport, 'namespace'),
  'null-all': (target) => etcdts(target, nullTransport, 'all'),
  frames: preparedFrames,
  'grpc-js': grpcJs,
  etcd3,
};

/** The clients in the order of the tables. */
export const clientNames: readonly ClientName[] = [
  'grpc-js',
  'etcd3',
  'go',
  'etcdts',
  'etcdts-namespace',
  'etcdts-all',
  'http2',
  'http2-namespace',
  'http2-all',
  'null',
  'null-namespace',
  'null-all',
  'frames',
];

/** The names of the clients in the tables. */
export const titles: Readonly<Record<ClientName, string>> = {
  'grpc-js': 'grpc-js + proto-loader',
  etcd3: 'etcd3',
  go: 'Go clientv3',
  etcdts: 'etcdts',
  'etcdts-namespace': 'etcdts in a namespace',
  'etcdts-all': 'etcdts +all',
  http2: 'etcdts on http2',
  'http2-namespace': 'etcdts on http2, in a namespace',
  'http2-all': 'etcdts on http2 +all',
  null: 'etcdts, null transport',
  'null-namespace': 'etcdts in a namespace, null transport',
  'null-all': 'etcdts +all, null transport',
  frames: 'prepared frames',
};

/** The sides of the rows of copies. */
const sides: Readonly<Record<string, string>> = {
  copy: 'copy',
  map: 'a Map of the same Buffers',
  pages: 'pages alone',
  canned: 'gets with canned answers',
  etcd: 'watches on etcd',
  'etcd-http2': 'watches on etcd over http2',
};

/** The title of a client's label: its name, or `name@version` on another Node. */
export function titleOf(label: string): string {
  const [name = '', version] = label.split('@');
  const title = titles[name as ClientName] ?? sides[name] ?? name;
  return version === undefined ? title : `${title}, Node ${version}`;
}
