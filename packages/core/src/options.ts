import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { toCount } from './bytes.ts';
import type { Interceptor } from './call.ts';
import { describe, shown } from './describe.ts';
import { invalidArgument } from './errors.ts';
import { clientLog, type Logger } from './logger.ts';
import {
  checkKnown,
  checkOptions,
  checkSignal,
  optionTable,
  unknownOption,
  type OptionChecks,
} from './known-options.ts';
import { parseEndpoints, type Endpoint } from './transport/endpoints.ts';
import { secureContextOf } from './transport/tls.ts';
import { isLoader, TLS_OPTIONS } from './transport/tls-source.ts';
import type { KeepaliveTimes, TlsLoader, TlsOptions, Transport } from './transport/transport.ts';

/** HTTP/2 pings, which find out that a peer is gone (clientv3 `DialKeepAliveTime`, `DialKeepAliveTimeout`). */
export interface KeepaliveOptions {
  /** How long to wait for any byte of the peer before a ping. Defaults to 5,500 ms; under 5,000 is refused. */
  timeMs?: number | undefined;
  /** How long the answer may take. Defaults to 2,000 ms. */
  timeoutMs?: number | undefined;
  /**
   * Whether to ping also while no call and no stream is open (clientv3 `PermitWithoutStream`). Off by default: etcd closes
   * connections that do. For proxies that drop idle connections without a word.
   */
  permitWithoutCalls?: boolean | undefined;
}

/** Options of `createClient`. */
export interface ClientOptions {
  /** `host:2379`, `http://…`, `https://…`, `unix:…`, `unixs:…`, `[::1]:2379`; one or many. */
  endpoints: string | readonly string[];
  /** Certificates and names, or a function that gives them for each new connection. */
  tls?: TlsOptions | TlsLoader | undefined;
  /** The first is the outermost. Tokens are resolved from `container`. */
  interceptors?: readonly (Interceptor | InjectionToken<Interceptor>)[] | undefined;
  /** Deadline of a unary call in milliseconds; `Infinity` for none. Defaults to 10,000. */
  requestTimeoutMs?: number | undefined;
  /**
   * Lookup of the name, TCP, TLS and HTTP/2 settings together, in milliseconds. Defaults to 5,000. A name with several addresses
   * is tried at all of them within this time: at the next one when one fails, or after 250 ms, while those before go on.
   */
  connectTimeoutMs?: number | undefined;
  /** HTTP/2 pings; `false` for none. */
  keepalive?: KeepaliveOptions | false | undefined;
  /** Largest request in bytes. Defaults to 2 MiB, as clientv3. */
  maxSendBytes?: number | undefined;
  /**
   * Largest response message in bytes, and most that the events of one revision may have if a watch receives them in
   * fragments. Defaults to 2 GiB - 1, as clientv3.
   */
  maxReceiveBytes?: number | undefined;
  /**
   * Bytes of undelivered responses that may wait for the slow readers of all watches together. Beyond, the watch with most of
   * them is parked, as one is beyond its own `maxBufferedBytes`; watches that hold 16 KiB or less are left alone. Defaults to
   * 64 MiB.
   */
  watchBufferBytes?: number | undefined;
  /** Takes the endpoints from the member list this often; the first time after one interval. Off by default. */
  autoSyncIntervalMs?: number | undefined;
  /** Defaults to `grpcTransport()`, over @grpc/grpc-js. */
  transport?: Transport | undefined;
  /** Fails the first call with `OLD_CLUSTER` if a member is older than etcd 3.4. Off by default. */
  rejectOldCluster?: boolean | undefined;
  /** Where the client logs; without one, `NODE_DEBUG=etcdts` prints the log. */
  logger?: Logger | undefined;
  /** Parent of the client's own container: resolves interceptor tokens. */
  container?: DependencyContainer | undefined;
  /** Closes the client when it aborts. */
  signal?: AbortSignal | undefined;
}

/** Options with every default in place, checked. */
export interface ResolvedOptions {
  readonly endpoints: readonly Endpoint[];
  readonly tls: TlsOptions | TlsLoader | undefined;
  readonly tlsByDefault: boolean;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly keepalive: KeepaliveTimes | undefined;
  readonly maxSendBytes: number;
  readonly maxReceiveBytes: number;
  readonly watchBufferBytes: number;
  readonly autoSyncIntervalMs: number | undefined;
  readonly rejectOldCluster: boolean;
  readonly transport: Transport;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

// A little over the 5 s that etcd demands between pings, as timers and networks jitter.
const KEEPALIVE = { timeMs: 5_500, timeoutMs: 2_000 };
const SHORTEST_KEEPALIVE_MS = 5_000;
const MAX_SEND_BYTES = 2 * 1024 * 1024;
const WATCH_BUFFER_BYTES = 64 * 1024 * 1024;
const KEEPALIVE_OPTIONS: OptionChecks<KeepaliveOptions> = {
  timeMs: true,
  timeoutMs: true,
  permitWithoutCalls: 'boolean',
};
const CLIENT_OPTIONS = optionTable({
  endpoints: true,
  tls: true,
  interceptors: true,
  requestTimeoutMs: true,
  connectTimeoutMs: true,
  keepalive: true,
  maxSendBytes: true,
  maxReceiveBytes: true,
  watchBufferBytes: true,
  autoSyncIntervalMs: true,
  transport: true,
  rejectOldCluster: 'boolean',
  logger: true,
  container: 'object',
  signal: checkSignal,
} satisfies OptionChecks<ClientOptions>);
const OF_AUTH = 'give it to auth() of @etcdts/auth, and that to interceptors';
/** What other clients call what this one has elsewhere. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['hosts', 'did you mean endpoints?'],
  ['auth', OF_AUTH],
  ['username', OF_AUTH],
  ['password', OF_AUTH],
  ['token', OF_AUTH],
  ['credentials', 'did you mean tls?'],
  ['retry', 'retry() of @etcdts/retry is one of interceptors'],
  ['namespace', 'withNamespace() of @etcdts/namespace wraps a client'],
]);
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const MAX_RECEIVE_BYTES = 2 ** 31 - 1;

/** Checks a client's options, all in one pass, and fills in the defaults; names what is wrong. */
export function resolveOptions(options: ClientOptions, defaultTransport: () => Transport): ResolvedOptions {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument('options', `must be an object, { endpoints: … }, not ${describe(options)}`);
  const foreign = Object.keys(options).find((name) => FOREIGN.has(name));
  if (foreign !== undefined) throw unknownOption(options, foreign, [], FOREIGN.get(foreign));
  checkKnown(options, CLIENT_OPTIONS);
  checkShapes(options);
  const { tls, keepalive, maxSendBytes, maxReceiveBytes, autoSyncIntervalMs } = options;
  const tlsByDefault = tls !== undefined;
  const endpoints = parseEndpoints(options.endpoints, tlsByDefault);
  const logger = clientLog(options.logger);
  // Checked even if no endpoint uses it yet: a later one may.
  if (tls !== undefined && !isLoader(tls)) secureContextOf(tls);
  if (tls?.insecureSkipVerify === true) logger.warn('insecureSkipVerify is on: any server certificate is accepted');
  return {
    endpoints,
    tls,
    tlsByDefault,
    requestTimeoutMs: duration(options.requestTimeoutMs ?? 10_000, 'requestTimeoutMs', 1),
    connectTimeoutMs: finite(options.connectTimeoutMs ?? 5_000, 'connectTimeoutMs', 1),
    keepalive:
      keepalive === false
        ? undefined
        : {
            timeMs: finite(keepalive?.timeMs ?? KEEPALIVE.timeMs, 'keepalive.timeMs', SHORTEST_KEEPALIVE_MS),
            timeoutMs: finite(keepalive?.timeoutMs ?? KEEPALIVE.timeoutMs, 'keepalive.timeoutMs', 1),
            permitWithoutCalls: keepalive?.permitWithoutCalls ?? false,
          },
    maxSendBytes: toCount(maxSendBytes ?? MAX_SEND_BYTES, 'maxSendBytes', 1),
    maxReceiveBytes: Math.min(toCount(maxReceiveBytes ?? MAX_RECEIVE_BYTES, 'maxReceiveBytes', 1), MAX_RECEIVE_BYTES),
    watchBufferBytes: toCount(options.watchBufferBytes ?? WATCH_BUFFER_BYTES, 'watchBufferBytes', 1),
    autoSyncIntervalMs:
      autoSyncIntervalMs === undefined ? undefined : finite(autoSyncIntervalMs, 'autoSyncIntervalMs', 1),
    rejectOldCluster: options.rejectOldCluster ?? false,
    transport: options.transport ?? defaultTransport(),
    logger,
    signal: options.signal,
  };
}

/** Refuses what is of another kind altogether, since JavaScript callers have no compiler. */
function checkShapes({ tls, keepalive, interceptors, transport, logger }: ClientOptions): void {
  checkKnown(tls, TLS_OPTIONS, 'tls');
  if (tls !== undefined && isLoader(tls)) checkLoader(tls);
  if (keepalive !== false) checkOptions<KeepaliveOptions>(keepalive, KEEPALIVE_OPTIONS, 'keepalive');
  if (interceptors !== undefined && !Array.isArray(interceptors))
    throw invalidArgument('interceptors', `must be an array, not ${describe(interceptors)}`);
  if (transport !== undefined && typeof transport?.connect !== 'function') {
    const hint = typeof transport === 'function' ? ': call the function that makes it' : '';
    throw invalidArgument('transport', `must have a method connect${hint}`);
  }
  if (logger !== undefined && !LEVELS.every((level) => typeof logger?.[level] === 'function')) {
    throw invalidArgument('logger', `must have the methods ${LEVELS.join(', ')}`);
  }
}

function checkLoader(tls: TlsLoader): void {
  if (typeof tls.load !== 'function') {
    throw invalidArgument('tls.load', `must be a function that returns TLS options, not ${describe(tls.load)}`);
  }
  const fixed = (['ca', 'cert', 'key'] as const).find((name) => tls[name] !== undefined);
  if (fixed !== undefined) {
    throw invalidArgument(`tls.${fixed}`, 'stands beside tls.load: let load return it');
  }
}

function duration(value: number, argument: string, minimum: number): number {
  if (typeof value !== 'number' || !(value >= minimum)) {
    const given = typeof value === 'number' ? String(value) : shown(value);
    const hint = value === 0 && argument === 'requestTimeoutMs' ? ': use Infinity for none' : '';
    throw invalidArgument(argument, `must be a number of milliseconds, at least ${minimum}, not ${given}${hint}`);
  }
  return value;
}

function finite(value: number, argument: string, minimum: number): number {
  if (duration(value, argument, minimum) === Infinity) throw invalidArgument(argument, 'must be finite');
  return value;
}
