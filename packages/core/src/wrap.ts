import { setMaxListeners } from 'node:events';
import type { CallOptions } from './call.ts';
import type { CallOptionNames } from './call-options.ts';
import { clientClosed, invalidArgument } from './errors.ts';
import { KVFacade } from './kv/kv.ts';
import type { KVService } from './kv/service.ts';
import { LeaseFacade } from './lease/lease.ts';
import type { LeaseService } from './lease/service.ts';
import type { EtcdOperations, Services } from './operations.ts';
import type { WatchService } from './watch/service.ts';
import { WatcherFacade, type Watcher } from './watch/watch.ts';

/** What a wrapper puts around each service; a service that it does not name passes as it is. */
export interface ServiceWrappers {
  /** The names of the call options that the wrapper understands, beside those that pass it. */
  readonly options?: readonly string[] | undefined;
  kv?(next: KVService): KVService;
  watch?(next: WatchService): WatchService;
  lease?(next: LeaseService): LeaseService;
}

// The services of every client made here, out of reach of the application: a wrapped client has no way around its wrapper.
const servicesOf = new WeakMap<EtcdOperations, { services: () => Services; names: CallOptionNames }>();

/** Remembers a client's services and call options for the wrappers to come. */
export function registerServices(client: EtcdOperations, services: () => Services, names: CallOptionNames): void {
  servicesOf.set(client, { services, names });
}

/**
 * Builds a client whose services are wrapped: how namespaces and other transparent wrappers are made. Every operation passes
 * the wrapper, as the interfaces an application sees are built anew above it. It wraps a client or a wrapped client, whose
 * connections it shares; disposing of it ends its own watches and keepalives, and leaves the client below alone.
 */
export function wrapClient(client: EtcdOperations, wrap: ServiceWrappers): EtcdOperations & AsyncDisposable {
  const below = servicesOf.get(client);
  if (below === undefined) {
    throw invalidArgument('client', 'is no client of this package: give what createClient or wrapClient returned');
  }
  const disposing = new AbortController();
  setMaxListeners(0, disposing.signal);
  const services = once((): Services => {
    const { kv, watch, lease } = below.services();
    return {
      kv: wrap.kv?.(kv) ?? kv,
      watch: endedBy(disposing.signal, wrap.watch?.(watch) ?? watch),
      lease: keptUntil(disposing.signal, wrap.lease?.(lease) ?? lease),
    };
  });
  const names = below.names.and(wrap.options ?? []);
  const facades = facadesOf(services, names);
  const wrapped = {
    ...facades,
    [Symbol.asyncDispose](): Promise<void> {
      disposing.abort(clientClosed());
      return Promise.resolve();
    },
  };
  registerServices(wrapped, services, names);
  return wrapped;
}

/** The interfaces an application sees, over services. */
export function facadesOf(services: () => Services, names: CallOptionNames): EtcdOperations {
  const { kv, watch, lease } = services();
  const watcher = new WatcherFacade(watch, names);
  return {
    kv: new KVFacade(kv, names),
    watcher,
    lease: new LeaseFacade(lease, names),
    watch: (...args: Parameters<Watcher['watch']>) => watcher.watch(...args),
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function withSignal<O extends CallOptions>(options: O, signal: AbortSignal): O {
  return { ...options, signal: options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]) };
}

function endedBy(signal: AbortSignal, next: WatchService): WatchService {
  return {
    watch: (request, options) => next.watch(request, withSignal(options, signal)),
    requestProgress: (options) => next.requestProgress(options),
  };
}

function keptUntil(signal: AbortSignal, next: LeaseService): LeaseService {
  return {
    grant: (request, options) => next.grant(request, options),
    revoke: (request, options) => next.revoke(request, options),
    timeToLive: (request, options) => next.timeToLive(request, options),
    leases: (options) => next.leases(options),
    keepAlive: (id, options) => next.keepAlive(id, withSignal(options, signal)),
    keepAliveOnce: (id, options) => next.keepAliveOnce(id, options),
  };
}
