// The etcd of the story: the reader's own, or one of its own, always behind a proxy that can cut the connection.
import { startEtcd, startProxy, type FaultProxy } from '@etcdts/testing';
import type { TlsOptions } from '@etcdts/core';

export interface Etcd extends AsyncDisposable {
  /** What the client connects to: the proxy. */
  readonly endpoint: string;
  readonly tls: TlsOptions | undefined;
  readonly proxy: FaultProxy;
  /** Where etcd itself is, for the reader. */
  readonly where: string;
}

/** Uses the first of `ETCD_ENDPOINTS`, or starts an etcd: `ETCD_BIN`, the one on the PATH, or one that is fetched. */
export async function findEtcd(): Promise<Etcd> {
  const [given] = (process.env['ETCD_ENDPOINTS'] ?? '').split(',').filter((text) => text.trim() !== '');
  if (given !== undefined) return behindProxy(given.trim(), 'ETCD_ENDPOINTS', async () => {});
  if (!process.env['ETCD_BIN']) {
    console.log('Looking for an etcd on the PATH. If there is none, one is fetched, once: that can take a minute.');
  }
  const script = new URL('../../../scripts/etcd.mjs', import.meta.url);
  const { obtainEtcd } = (await import(script.href)) as { obtainEtcd(): Promise<{ path: string; origin: string }> };
  const { path, origin } = await obtainEtcd();
  const etcd = await startEtcd({ binary: path });
  return behindProxy(etcd.endpoint, origin, () => etcd.close());
}

async function behindProxy(endpoint: string, origin: string, close: () => Promise<void>): Promise<Etcd> {
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
    where: `${name}:${port} (${origin})`,
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await close();
    },
  };
}
