// Data: the clients.
import { etcd3 } from './etcd3.ts';
import { etcdts } from './etcdts.ts';
import { grpcJs } from './grpc-js.ts';
import type { Subject } from './subject.ts';

export type ClientName = 'etcdts' | 'grpc-js' | 'etcd3';

/** Connects each client to an address. */
export const subjects: Readonly<Record<ClientName, (address: string) => Subject>> = {
  etcdts,
  'grpc-js': grpcJs,
  etcd3,
};

/** The clients in the order of the tables. The first is divided by each of the others. */
export const clientNames: readonly ClientName[] = ['etcdts', 'grpc-js', 'etcd3'];

/** The names of the clients in the tables. */
export const titles: Readonly<Record<ClientName, string>> = {
  etcdts: 'etcdts',
  'grpc-js': 'grpc-js + proto-loader',
  etcd3: 'etcd3',
};
