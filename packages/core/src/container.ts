// The composition root of a client. Each client has a tsyringe container of its own, a child of the application's. It registers
// clock, random numbers, logger and transport, and resolves interceptors that are given as tokens.
import 'reflect-metadata/lite';
import { container as root, type DependencyContainer, type InjectionToken } from 'tsyringe';
import { applicationContainer } from './application-container.ts';
import type { ClientSite, Interceptor } from './call.ts';
import { systemClock, type Clock } from './clock.ts';
import { messageBuffer } from './codec/message-stores.ts';
import { invalidArgument, isEtcdError, reasonText } from './errors.ts';
import { KVRpc } from './kv/rpc.ts';
import { LeaseRpc } from './lease/rpc.ts';
import { alarmOf, type Logger } from './logger.ts';
import { resolveOptions, type ClientOptions, type ResolvedOptions } from './options.ts';
import { foldPipeline } from './pipeline/fold.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { grpcTransport } from './transport/grpc/grpc.ts';
import { Picker } from './transport/picker.ts';
import { isLoader, TlsSource } from './transport/tls-source.ts';
import type { TlsOptions, Transport } from './transport/transport.ts';
import { WatchHub } from './watch/hub.ts';
import { tokens } from './tokens.ts';
import { Deadlines } from './wire/deadlines.ts';
import type { WireParts } from './wire/wire-parts.ts';

// A child container still works after the application has disposed of the global one.
const privateRoot = root.createChildContainer();

/** The parts that all clients over the same connections share. */
export interface Connections {
  /** The object by which interceptors identify the connections. It has no members. */
  readonly identity: object;
  readonly options: ResolvedOptions;
  readonly site: ClientSite;
  readonly deadlines: Deadlines;
  readonly picker: Picker;
  /** The TLS options that are in use now. */
  readonly tls: () => TlsOptions | undefined;
  /** Resolves an interceptor that is given as a token. */
  readonly resolve: (token: InjectionToken<Interceptor>) => Interceptor;
}

/** The parts that one client has of its own: its interceptors, and all that is above them. */
export interface ClientParts {
  readonly interceptors: readonly Interceptor[];
  readonly wire: WireParts;
  readonly pipeline: Pipeline;
  readonly services: { readonly kv: KVRpc; readonly watch: WatchHub; readonly lease: LeaseRpc };
}

/** Composes the connections of a client. It does not connect yet. */
export function composeConnections(options: ClientOptions): Connections {
  const resolved = resolveOptions(options, grpcTransport);
  const container = (options.container ?? privateRoot).createChildContainer();
  fill(container, resolved, options.container !== undefined);
  const clock = container.resolve<Clock>(tokens.clock);
  const random = container.resolve<() => number>(tokens.random);
  const logger = container.resolve<Logger>(tokens.logger);
  const transport = container.resolve<Transport>(tokens.transport);
  const { endpoints, tlsByDefault, keepalive, maxReceiveBytes, connectTimeoutMs } = resolved;
  const tls = tlsOf(resolved, clock, logger);
  const connection = { keepalive, maxReceiveBytes, messageBuffer };
  const alarm = alarmOf(options.logger, logger, 'ETCDTS_NO_CONNECTION');
  const parts = { transport, connection, tls, connectTimeoutMs, clock, random, logger, alarm };
  // If the application gives no container, its global one is loaded when a token is first resolved.
  let known: DependencyContainer | undefined = options.container && container;
  const resolve: Connections['resolve'] = (one) => {
    if (known === undefined) fill((known = applicationContainer().createChildContainer()), resolved, true);
    if (isFactory(one) && !known.isRegistered(one, true))
      throw invalidArgument('interceptors', `hold the function ${one.name}: call it, ${one.name}()`);
    return known.resolve(one);
  };
  return {
    identity: Object.freeze({}),
    options: resolved,
    site: { clock, random, logger, requestTimeoutMs: resolved.requestTimeoutMs },
    deadlines: new Deadlines(clock),
    picker: new Picker(endpoints, tlsByDefault, parts),
    tls: () => (tls instanceof TlsSource ? tls.last : tls),
    resolve,
  };
}

function tlsOf(options: ResolvedOptions, clock: Clock, logger: Logger): TlsOptions | TlsSource | undefined {
  const { tls, connectTimeoutMs: timeoutMs } = options;
  return tls === undefined || !isLoader(tls) ? tls : new TlsSource(tls, { clock, logger, timeoutMs });
}

/** Registers a client's parts in its container. If `inherited`, the clock and random numbers of the application's stay. */
function fill(container: DependencyContainer, { logger, transport }: ResolvedOptions, inherited: boolean): void {
  const has = (token: symbol): boolean => inherited && container.isRegistered(token, true);
  if (!has(tokens.clock)) container.register(tokens.clock, { useValue: systemClock });
  if (!has(tokens.random)) container.register(tokens.random, { useValue: Math.random });
  container.register(tokens.logger, { useValue: logger });
  container.register(tokens.transport, { useValue: transport });
}

/** Composes a client over connections: its pipeline and the services above it. */
export function composeClient(
  connections: Connections,
  given: readonly (Interceptor | InjectionToken<Interceptor>)[],
): ClientParts {
  const { identity, options, site, deadlines, picker } = connections;
  const { maxSendBytes, requestTimeoutMs } = options;
  const interceptors = given.map((one) => resolveInterceptor(connections, one));
  const wire: WireParts = {
    ...site,
    connections: identity,
    stats: () => ({
      closed: wire.closed,
      watches: watch.stats(),
      leases: lease.stats(),
      endpoints: picker.slots.map(({ endpoint: { address }, state }) => ({ address, state })),
    }),
    picker,
    deadlines,
    maxSendBytes,
    requestTimeoutMs,
    underWay: new Set(),
    closed: false,
  };
  const pipeline = foldPipeline(interceptors, wire);
  const watch = new WatchHub({ ...site, pipeline }, options);
  const lease = new LeaseRpc({ ...site, pipeline, requestTimeoutMs });
  return { interceptors, wire, pipeline, services: { kv: new KVRpc(pipeline), watch, lease } };
}

function resolveInterceptor({ resolve }: Connections, one: Interceptor | InjectionToken<Interceptor>): Interceptor {
  if (typeof one === 'object' && one !== null && 'name' in one) return one;
  if (Array.isArray(one)) throw invalidArgument('interceptors', 'hold an array: spread it');
  if (one instanceof Promise) throw invalidArgument('interceptors', 'hold a Promise: await it first');
  const shown = typeof one === 'function' ? one.name : String(one);
  let resolved: Interceptor;
  try {
    resolved = resolve(one);
  } catch (cause) {
    if (isEtcdError(cause)) throw cause;
    throw invalidArgument(
      'interceptors',
      `hold the token ${shown}, which the container cannot resolve: ${reasonText(cause)}`,
    );
  }
  if (typeof resolved?.name !== 'string')
    throw invalidArgument('interceptors', `hold the token ${shown}, which is no interceptor`);
  return resolved;
}

/** Whether a function is no class, whose instances tsyringe makes. A class has methods, or is written as one. */
function isFactory(one: unknown): one is (...args: never[]) => unknown {
  if (typeof one !== 'function' || /^class\b/.test(Function.prototype.toString.call(one))) return false;
  const prototype: unknown = one.prototype;
  return typeof prototype !== 'object' || prototype === null || Object.getOwnPropertyNames(prototype).length < 2;
}
