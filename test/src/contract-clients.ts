import { createClient } from '@etcdts/core';
import type { EtcdClient, EtcdOperations } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { metrics } from '@etcdts/metrics';
import { withNamespace } from '@etcdts/namespace';
import { retry } from '@etcdts/retry';
import { kvContract, leaseContract, startEtcd, suite, txnContract, watchContract } from '@etcdts/testing';
import type { ContractContext, Suite } from '@etcdts/testing';
import { Registry } from 'prom-client';

const passThrough: Interceptor = {
  name: 'pass-through',
  unary: (next) => (call) => next(call),
  stream: (next) => (call) => next(call),
};

// The kinds of client for which every contract must hold. Those with auth() are in auth/transparency.test.ts and
// stack-contract.test.ts, on an etcd that requires tokens.
const clients: Record<string, (client: EtcdClient) => EtcdOperations> = {
  'plain core': (client) => client,
  'a pass-through interceptor': (client) => client.intercept(passThrough),
  'retry()': (client) => client.intercept(retry()),
  'metrics()': (client) => client.intercept(metrics({ registry: new Registry(), histogram: true })),
  'a namespace': (client) => withNamespace(client, 'contracts/', { allowCompact: true }),
  'nested namespaces': (client) =>
    withNamespace(
      withNamespace(client, Buffer.from([0x61, 0xff, 0xff]), { allowCompact: true, anyPrefix: true }),
      Buffer.from([0xff, 0x00]),
      { allowCompact: true },
    ),
};

/** The contracts of every kind of client, on a real etcd and on the embedded one. */
export const contracts = { kv: kvContract, txn: txnContract, watch: watchContract, lease: leaseContract };

/** An etcd, a real one or the embedded one. */
export interface Server extends AsyncDisposable {
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * Makes a suite of a contract for each kind of client, with an etcd of its own. A transparent wrapper is one through which the
 * contract holds. `start` makes the etcd.
 */
export function contractSuites(
  name: string,
  contract: (test: Suite, context: () => ContractContext) => void,
  start: () => Promise<Server> = startEtcd,
  kinds: readonly string[] = Object.keys(clients),
): Suite[] {
  return kinds.map((kind) => {
    const test = suite(`${name} contract through ${kind}`);
    let etcd: Server | undefined;
    let client: EtcdClient | undefined;
    let wrapped: EtcdOperations | undefined;

    test.before(async () => {
      etcd = await start();
      client = createClient({ endpoints: etcd.endpoint });
      wrapped = clients[kind]?.(client);
    });
    test.after(async () => {
      await client?.close();
      await etcd?.close();
    });

    contract(test, () => ({ client: wrapped as EtcdOperations }));
    return test;
  });
}
