// The base of the tests of authentication: an etcd with users, roles and tokens that live for three seconds, a real one or the
// embedded one.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { auth, authAdmin, type Auth } from '@etcdts/auth';
import { createClient, type ClientOptions, type EtcdClient } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { startEmbedded, type EmbeddedEtcd } from '@etcdts/embedded';
import { startCluster, type EtcdCluster } from '@etcdts/testing';

export const TTL_MS = 3_000;
/** The time after which an idle token of either kind has expired. etcd checks once a second. */
export const EXPIRY_MS = TTL_MS + 1_500;
export const root = { username: 'root', password: 'sentinel-password of root' };
export const app = { username: 'app', password: 'sentinel-password of app' };

export type TokenKind = 'simple' | 'jwt';

/** An etcd with authentication on. Its users are `root`, and `app` with all permissions on keys below `app/`. */
export interface AuthServer extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly endpoint: string;
  /** The version of etcd that it is, or follows, such as `3.5.16`. */
  readonly version: string;
  readonly tokens: TokenKind;
  /** Authenticated as root. */
  readonly client: EtcdClient;
  readonly admin: Auth;
  /** A client that authenticates as `app`. */
  as(user?: typeof app, options?: Partial<ClientOptions>): EtcdClient;
  /** How many Authenticate requests it has answered, refusals included; the embedded one counts those of clients made by `as`. */
  authenticates(): Promise<number>;
  /** Lets time pass for the etcd. */
  pass(ms: number): Promise<void>;
}

/** A real one, of one member or more. */
export interface AuthEtcd extends AuthServer {
  readonly etcd: EtcdCluster;
}

/** The embedded one. */
export interface AuthEmbedded extends AuthServer {
  readonly etcd: EmbeddedEtcd;
}

export async function startAuthEtcd(kind: TokenKind, members = 1): Promise<AuthEtcd> {
  const keys = kind === 'jwt' ? await createKeys() : undefined;
  const etcd = await startCluster({
    members,
    // Password checks are cheap, because these tests are not about their cost.
    extraArgs: ['--bcrypt-cost=4'],
    ...(keys === undefined ? { authTokenTtl: TTL_MS / 1_000 } : { authToken: keys.flag }),
  });
  const client = createClient({ endpoints: etcd.endpoints, interceptors: [auth(root)] });
  const admin = authAdmin(client);
  await addUsers(admin);
  await admin.enable();
  return {
    etcd,
    endpoint: etcd.members[0]?.endpoint as string,
    version: etcd.version,
    tokens: kind,
    client,
    admin,
    pass: sleep,
    as: (user = app, options = {}) =>
      createClient({ endpoints: etcd.endpoints, interceptors: [auth(user)], ...options }),
    async authenticates() {
      const labels = { grpc_method: 'Authenticate' };
      const counts = await Promise.all(etcd.members.map((one) => one.metric('grpc_server_handled_total', labels)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await etcd.close();
      await keys?.remove();
    },
  };
}

/** Starts the embedded one. Tests move its time on. */
export async function startAuthEmbedded(): Promise<AuthEmbedded> {
  const etcd = await startEmbedded({ authTokenTtl: TTL_MS / 1_000 });
  let authenticates = 0;
  const counting: Interceptor = {
    name: 'counting',
    unary: (next, { name }) => (name === 'Authenticate' ? (call) => (authenticates++, next(call)) : next),
  };
  const client = createClient({ endpoints: etcd.endpoint, interceptors: [auth(root)] });
  const admin = authAdmin(client);
  await addUsers(admin);
  await admin.enable();
  const { version } = await client.maintenance.status(etcd.endpoint);
  return {
    etcd,
    endpoint: etcd.endpoint,
    version,
    tokens: 'simple',
    client,
    admin,
    as: (user = app, options = {}) =>
      createClient({ endpoints: etcd.endpoint, interceptors: [auth(user), counting], ...options }),
    authenticates: async () => authenticates,
    pass: async (ms) => etcd.advance(ms),
    async [Symbol.asyncDispose]() {
      await client.close();
      await etcd.close();
    },
  };
}

/** Adds root and app, with their roles. */
export async function addUsers(admin: Auth): Promise<void> {
  await admin.userAdd(root.username, root.password);
  await admin.userGrantRole('root', 'root');
  await admin.userAdd(app.username, app.password);
  await admin.roleAdd('app');
  await admin.userGrantRole('app', 'app');
  await admin.roleGrantPermission('app', { type: 'readwrite', key: 'app/', prefix: true });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function createKeys(): Promise<{ flag: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-jwt-'));
  const [priv, pub] = [join(folder, 'jwt.key'), join(folder, 'jwt.pub')];
  const openssl = (...args: string[]): Promise<unknown> => promisify(execFile)('openssl', args);
  await openssl('genrsa', '-out', priv, '2048');
  await openssl('rsa', '-in', priv, '-pubout', '-out', pub);
  return {
    flag: `jwt,pub-key=${pub},priv-key=${priv},sign-method=RS256,ttl=${TTL_MS}ms`,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
