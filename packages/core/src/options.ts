import type { DependencyContainer, InjectionToken } from 'tsyringe';
import type { Interceptor } from './call.ts';
import type { Logger } from './logger.ts';
import type { Transport } from './transport/transport.ts';

/** TLS towards every `https://` and `unixs:` endpoint, and towards endpoints without scheme. */
export interface TlsOptions {
  /** PEM of the authorities to trust. Defaults to Node's own. */
  ca?: string | Buffer | undefined;
  /** PEM of the client certificate; together with `key`. */
  cert?: string | Buffer | undefined;
  /** PEM of the client key. */
  key?: string | Buffer | undefined;
  /** The name to verify the server's certificate against, instead of the endpoint's host. */
  serverName?: string | undefined;
  /** Accepts any certificate. For development alone: it is said as a warning. */
  insecureSkipVerify?: boolean | undefined;
}

/** Options of `createClient`. */
export interface ClientOptions {
  /** `host:2379`, `http://…`, `https://…`, `unix:…`, `unixs:…`, `[::1]:2379`; one or many. */
  endpoints: string | readonly string[];
  tls?: TlsOptions | undefined;
  /** The first is the outermost. Tokens are resolved from `container`. */
  interceptors?: readonly (Interceptor | InjectionToken<Interceptor>)[] | undefined;
  /** Deadline of a unary call in milliseconds; `Infinity` for none. Defaults to 10,000. */
  requestTimeoutMs?: number | undefined;
  /** TCP, TLS and HTTP/2 settings together, in milliseconds. Defaults to 5,000. */
  connectTimeoutMs?: number | undefined;
  /** HTTP/2 pings while calls or streams are open. Defaults to 5,500 and 2,000 ms; a `timeMs` under 5,000 is refused. */
  keepalive?: { timeMs?: number | undefined; timeoutMs?: number | undefined } | false | undefined;
  /** Largest request in bytes. Defaults to 2 MiB, as clientv3. */
  maxSendBytes?: number | undefined;
  /** Largest response message in bytes. Defaults to 2 GiB - 1, as clientv3. */
  maxReceiveBytes?: number | undefined;
  /** Takes the endpoints from the member list this often; the first time after one interval. Off by default. */
  autoSyncIntervalMs?: number | undefined;
  /** Defaults to `grpcTransport()`, over @grpc/grpc-js. */
  transport?: Transport | undefined;
  /** Fails the first call with `OLD_CLUSTER` where a member is older than etcd 3.4. Off by default. */
  rejectOldCluster?: boolean | undefined;
  /** Silent by default. */
  logger?: Logger | undefined;
  /** Parent of the client's own container: resolves interceptor tokens. */
  container?: DependencyContainer | undefined;
}
