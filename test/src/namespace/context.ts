import type { EtcdClient } from '@etcdts/core';

/** What the tests of namespaces run against. */
export interface NamespaceContext {
  /** A client that sees everything. */
  readonly raw: EtcdClient;
  /** Where it is connected to. */
  readonly endpoint: string;
}
