// The composition root: everything that a client is made of, on one screen. The only file that knows tsyringe.
import 'reflect-metadata/lite';
import { container as root, type DependencyContainer, type InjectionToken } from 'tsyringe';
import { applicationContainer } from './application-container.ts';
import type { Interceptor } from './call.ts';
import { systemClock, type Clock } from './clock.ts';
import { invalidArgument } from './errors.ts';
import { KVRpc } from './kv/rpc.ts';
import { LeaseRpc } from './lease/rpc.ts';
import type { Logger } from './logger.ts';
import { resolveOptions, type ClientOptions, type ResolvedOptions } from './options.ts';
import { Deadlines } from './wire/deadlines.ts';
import { foldPipeline } from './pipeline/fold.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { WireParts } from './wire/wire-parts.ts';
import { grpcTransport } from './transport/grpc/grpc.ts';
import { Picker } from './transport/picker.ts';
import { isLoader, TlsSource } from './transport/tls-source.ts';
import type { TlsOptions } from './transport/transport.ts';
import type { ClientStats } from './stats.ts';
import { WatchHub } from './watch/hub.ts';

type Token<T> = symbol & { readonly type?: T };
const token = <T>(name: string): Token<T> => Symbol(`etcdts.${name}`);
const use = <T>(container: DependencyContainer, at: Token<T>): T => container.resolve<T>(at);

const OPTIONS: Token<ResolvedOptions> = token('options');
const CLOCK: Token<Clock> = token('clock');
const RANDOM: Token<() => number> = token('random');
const LOGGER: Token<Logger> = token('logger');
const TLS: Token<TlsOptions | TlsSource | undefined> = token('tls');
const PICKER: Token<Picker> = token('picker');
const DEADLINES: Token<Deadlines> = token('deadlines');
/** Where interceptors that are given as tokens are resolved. */
const TOKENS: Token<DependencyContainer> = token('tokens');
const INTERCEPTORS: Token<readonly Interceptor[]> = token('interceptors');
const WIRE: Token<WireParts> = token('wire');
const PIPELINE: Token<Pipeline> = token('pipeline');
const KV: Token<KVRpc> = token('kv');
const WATCH: Token<WatchHub> = token('watch');
const LEASE: Token<LeaseRpc> = token('lease');

// A child: it goes on working when the application disposes of the global container.
const privateRoot = root.createChildContainer();

/** What all clients over the same connections share. */
export interface Connections {
  /** What interceptors know them by: holds nothing. */
  readonly identity: object;
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly picker: Picker;
  /** The TLS options that are in use now. */
  readonly tls: () => TlsOptions | undefined;
  readonly container: DependencyContainer;
}

/** What one client has of its own: its interceptors, and all that sits above them. Hubs are made on first use. */
export interface ClientParts {
  readonly interceptors: readonly Interceptor[];
  readonly wire: WireParts;
  readonly pipeline: Pipeline;
  readonly kv: KVRpc;
  readonly watch: () => WatchHub;
  readonly lease: () => LeaseRpc;
}

/** Composes the connections of a client; connects nothing yet. */
export function composeConnections(options: ClientOptions): Connections {
  const resolved = resolveOptions(options, grpcTransport);
  const container = (options.container ?? privateRoot).createChildContainer();
  provide(container, OPTIONS, () => resolved);
  provide(container, CLOCK, () => systemClock);
  provide(container, RANDOM, () => Math.random);
  provide(container, LOGGER, () => resolved.logger);
  provide(container, DEADLINES, (c) => new Deadlines(use(c, CLOCK)));
  provide(container, TLS, (c) => {
    const { tls, connectTimeoutMs: timeoutMs } = use(c, OPTIONS);
    if (tls === undefined || !isLoader(tls)) return tls;
    return new TlsSource(tls, { clock: use(c, CLOCK), logger: use(c, LOGGER), timeoutMs });
  });
  provide(container, PICKER, (c) => {
    const { endpoints, tlsByDefault, transport, keepalive, maxReceiveBytes, connectTimeoutMs } = use(c, OPTIONS);
    const tls = use(c, TLS);
    const connection = { keepalive, maxReceiveBytes };
    const [clock, random, logger] = [use(c, CLOCK), use(c, RANDOM), use(c, LOGGER)];
    const parts = { transport, connection, tls, connectTimeoutMs, clock, random, logger };
    return new Picker(endpoints, tlsByDefault, parts);
  });
  provide(container, TOKENS, (c) =>
    options.container === undefined ? applicationContainer().createChildContainer() : c,
  );
  const identity = Object.freeze({});
  const source = use(container, TLS);
  return {
    identity,
    options: resolved,
    clock: use(container, CLOCK),
    picker: use(container, PICKER),
    tls: () => (source instanceof TlsSource ? source.last : source),
    container,
  };
}

/** Composes a client over connections: its pipeline, and the services above it. */
export function composeClient(
  connections: Connections,
  interceptors: readonly (Interceptor | InjectionToken<Interceptor>)[],
): ClientParts {
  const container = connections.container.createChildContainer();
  provide(container, INTERCEPTORS, (c) => interceptors.map((one) => resolveInterceptor(c, one)));
  provide(container, WIRE, (c) => ({
    connections: connections.identity,
    stats: () => statsOf(c),
    picker: use(c, PICKER),
    deadlines: use(c, DEADLINES),
    clock: use(c, CLOCK),
    random: use(c, RANDOM),
    logger: use(c, LOGGER),
    maxSendBytes: use(c, OPTIONS).maxSendBytes,
    requestTimeoutMs: use(c, OPTIONS).requestTimeoutMs,
    underWay: new Set(),
    closed: false,
  }));
  provide(container, PIPELINE, (c) => foldPipeline(use(c, INTERCEPTORS), use(c, WIRE)));
  provide(container, KV, (c) => new KVRpc(use(c, PIPELINE)));
  provide(container, WATCH, (c) => new WatchHub(hubParts(c)));
  provide(
    container,
    LEASE,
    (c) => new LeaseRpc({ ...hubParts(c), requestTimeoutMs: use(c, OPTIONS).requestTimeoutMs }),
  );
  return {
    interceptors: use(container, INTERCEPTORS),
    wire: use(container, WIRE),
    pipeline: use(container, PIPELINE),
    kv: use(container, KV),
    watch: () => use(container, WATCH),
    lease: () => use(container, LEASE),
  };
}

function hubParts(c: DependencyContainer): { pipeline: Pipeline; clock: Clock; random: () => number; logger: Logger } {
  return { pipeline: use(c, PIPELINE), clock: use(c, CLOCK), random: use(c, RANDOM), logger: use(c, LOGGER) };
}

function statsOf(c: DependencyContainer): ClientStats {
  return {
    closed: use(c, WIRE).closed,
    watches: use(c, WATCH).stats(),
    leases: use(c, LEASE).stats(),
    endpoints: use(c, PICKER).slots.map(({ endpoint: { address }, state }) => ({ address, state })),
  };
}

function provide<T>(container: DependencyContainer, at: Token<T>, make: (container: DependencyContainer) => T): void {
  let made: { readonly value: T } | undefined;
  container.register<T>(at, { useFactory: (child) => (made ??= { value: make(child) }).value });
}

function resolveInterceptor(
  container: DependencyContainer,
  one: Interceptor | InjectionToken<Interceptor>,
): Interceptor {
  if (typeof one === 'object' && one !== null && 'name' in one) return one;
  const shown = typeof one === 'function' ? one.name : String(one);
  let resolved: Interceptor;
  try {
    resolved = use(container, TOKENS).resolve(one);
  } catch (cause) {
    throw invalidArgument(
      'interceptors',
      `hold the token ${shown}, which the container cannot resolve: ${(cause as Error).message}`,
    );
  }
  if (typeof resolved?.name !== 'string')
    throw invalidArgument('interceptors', `hold the token ${shown}, which is no interceptor`);
  return resolved;
}
