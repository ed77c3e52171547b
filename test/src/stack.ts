// All plugins at once, on an etcd that requires certificates and tokens. Every secret is a sentinel.
import { readFile } from 'node:fs/promises';
import { auth, authAdmin } from '@etcdts/auth';
import { createClient, type ClientOptions, type EtcdClient } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { metrics } from '@etcdts/metrics';
import { retry } from '@etcdts/retry';
import { createCertificates, startEtcd, type EtcdServer } from '@etcdts/testing';
import { Registry } from 'prom-client';
import { addUsers, TTL_MS } from './auth/auth-etcd.ts';

export const PASSWORD = 'sentinel-password';
export const user = { username: 'sentinel-user', password: PASSWORD };

/** An etcd, and the options that a client of it needs. */
export interface Stack extends AsyncDisposable {
  readonly etcd: EtcdServer;
  readonly registry: Registry;
  readonly tls: NonNullable<ClientOptions['tls']>;
  /** Lines of the private key. */
  readonly keySecrets: readonly string[];
  /** `[metrics, retry, auth]`, as the given user or by the given token. */
  interceptors(credentials?: Parameters<typeof auth>[0]): Interceptor[];
  /** A client with all of them. */
  client(options?: Partial<ClientOptions>): EtcdClient;
}

/** Starts an etcd with TLS, client certificates and authentication, whose tokens live for three seconds. */
export async function startStack(): Promise<Stack> {
  const certificates = await createCertificates();
  const { ca, server } = certificates;
  const pair = await certificates.client('nobody');
  const tls = { ca: await readFile(ca), cert: await readFile(pair.cert), key: await readFile(pair.key) };
  const etcd = await startEtcd({
    tls: { ...server, ca, clientCertAuth: true },
    extraArgs: ['--bcrypt-cost=4'],
    authTokenTtl: TTL_MS / 1_000,
  });
  await using admin = createClient({ endpoints: etcd.endpoints, tls });
  const users = authAdmin(admin);
  await addUsers(users);
  await users.userAdd(user.username, user.password);
  await users.userGrantRole(user.username, 'root');
  await users.enable();

  const registry = new Registry();
  const interceptors = (credentials: Parameters<typeof auth>[0] = user): Interceptor[] => [
    metrics({ registry, histogram: true }),
    retry(),
    auth(credentials),
  ];
  return {
    etcd,
    registry,
    tls,
    keySecrets: linesOf(tls.key),
    interceptors,
    client: (options = {}) =>
      createClient({ endpoints: etcd.endpoints, tls, interceptors: interceptors(), ...options }),
    async [Symbol.asyncDispose]() {
      await etcd.close();
      await certificates.close();
    },
  };
}

/** The secret lines of a private key in PEM, without its first and last line. */
export function linesOf(pem: Buffer): string[] {
  return pem
    .toString()
    .split('\n')
    .filter((line) => line.length > 20 && !line.startsWith('-----'));
}
