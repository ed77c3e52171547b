// The etcd of the story: the reader's own, or one of its own, always behind a proxy that can cut the connection.
import { startEmbedded } from '@etcdts/embedded';
import { findEtcd as findBinary, startEtcd, startProxy, type FaultProxy } from '@etcdts/testing';
import type { TlsOptions } from '@etcdts/core';

export interface Etcd extends AsyncDisposable {
  /** What the client connects to: the proxy. */
  readonly endpoint: string;
  readonly tls: TlsOptions | undefined;
  readonly proxy: FaultProxy;
  /** What it is, for the reader: `a real etcd` or `the embedded etcd`. */
  readonly kind: string;
  /** Where etcd itself is, for the reader. */
  readonly where: string;
}

/** Uses the first of `ETCD_ENDPOINTS`, else the etcd that `ETCD_BIN` names or the PATH has, else the embedded one. */
export async function findEtcd(): Promise<Etcd> {
  const [given] = (process.env['ETCD_ENDPOINTS'] ?? '').split(',').filter((text) => text.trim() !== '');
  if (given !== undefined) return behindProxy('a real etcd', given.trim(), 'ETCD_ENDPOINTS', async () => {});
  const named = process.env['ETCD_BIN'];
  const binary = await findBinary(named).catch((error: unknown) => {
    if (named) throw error;
    return undefined;
  });
  if (binary !== undefined) {
    const etcd = await startEtcd({ binary: binary.path });
    return behindProxy('a real etcd', etcd.endpoint, named ? 'ETCD_BIN' : binary.path, () => etcd.close());
  }
  console.log('There is no ETCD_ENDPOINTS, no ETCD_BIN and no etcd on the PATH: @etcdts/embedded stands in for one.');
  const etcd = await startEmbedded();
  return behindProxy('the embedded etcd', etcd.endpoint, 'in this process, in memory', () => etcd.close());
}

async function behindProxy(kind: string, endpoint: string, origin: string, close: () => Promise<void>): Promise<Etcd> {
  const parts = /^(https?:\/\/)?(\[.+\]|[^:/@]+)(?::(\d+))?\/?$/.exec(endpoint);
  if (parts === null)
    throw new Error('the proxy of this demo needs an endpoint such as localhost:2379 or https://host:2379');
  const [, scheme, name = '', port = '2379'] = parts;
  const secure = scheme === 'https://';
  const host = name.replace(/^\[(.*)\]$/, '$1');
  const proxy = await startProxy({ host, port: Number(port) });
  return {
    endpoint: secure ? `https://${proxy.endpoint}` : proxy.endpoint,
    tls: secure ? { serverName: host } : undefined,
    proxy,
    kind,
    where: `${name}:${port} (${origin})`,
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await close();
    },
  };
}
