import type { EtcdClient } from '@etcdts/core';

/** The etcd and client of the tests of namespaces. */
export interface NamespaceContext {
  /** A client without a namespace. */
  readonly raw: EtcdClient;
  /** The endpoint of the client. */
  readonly endpoint: string;
}
