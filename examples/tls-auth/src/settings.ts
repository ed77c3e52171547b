import { readFileSync } from 'node:fs';
import type { ClientOptions } from '@etcdts/core';

/** How to reach etcd, and as whom. */
export interface Settings {
  readonly connection: Pick<ClientOptions, 'endpoints' | 'tls'>;
  /** Absent where a client certificate says who it is. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
}

/** Takes what `etcdctl` takes: the variables that begin with `ETCDCTL_`. Certificates and keys are paths of PEM files. */
export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const pem = (name: string): Buffer | undefined => {
    const path = env[name];
    return path === undefined ? undefined : readFileSync(path);
  };
  const endpoints = (env['ETCDCTL_ENDPOINTS'] ?? 'https://localhost:2379').split(',');
  const tls = { ca: pem('ETCDCTL_CACERT'), cert: pem('ETCDCTL_CERT'), key: pem('ETCDCTL_KEY') };
  const username = env['ETCDCTL_USER'];
  const password = env['ETCDCTL_PASSWORD'];
  if (username !== undefined && password === undefined) throw new Error('ETCDCTL_USER needs ETCDCTL_PASSWORD');
  return {
    connection: { endpoints, tls },
    credentials: username === undefined || password === undefined ? undefined : { username, password },
  };
}
