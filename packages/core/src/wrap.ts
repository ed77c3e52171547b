import { setMaxListeners } from 'node:events';
import type { CallOptions, ClientSite } from './call.ts';
import type { CallOptionNames } from './call-options.ts';
import { clientClosed, invalidArgument } from './errors.ts';
import { internalsOf, setInternals } from './internals.ts';
import { KVFacade } from './kv/kv.ts';
import type { KVService } from './kv/service.ts';
import { Layer } from './layer.ts';
import { LeaseFacade } from './lease/lease.ts';
import type { LeaseService } from './lease/service.ts';
import type { EtcdOperations, Services } from './operations.ts';
import type { WatchService } from './watch/service.ts';
import { WatcherFacade, type Watcher } from './watch/watch.ts';

/** What a wrapper puts around each service; a service that it does not name passes as it is. */
export interface ServiceWrappers {
  /** The names of the call options that the wrapper understands, beside those that the client below understands. */
  readonly options?: readonly string[] | undefined;
  kv?(next: KVService): KVService;
  watch?(next: WatchService): WatchService;
  lease?(next: LeaseService): LeaseService;
  /**
   * Ends what the wrapper has of its own: timers, watches, keepalives. Called once, when the wrapped client is disposed of or
   * a client below it ends; what was made of the wrapped client has ended by then. After the close of the client at the
   * bottom calls reject with `CLIENT_CLOSED`.
   */
  dispose?(): Promise<void> | void;
}

/**
 * Builds a client whose services are wrapped: how namespaces and other transparent wrappers are made. Every operation passes
 * the wrapper, as the interfaces an application sees are built anew above it. It wraps a client or a wrapped client, whose
 * connections it shares, and refuses a copy of one.
 *
 * `wrap` is what the wrapper puts around the services, or a function that gives it and is called once, with the client's
 * clock, chance and logger. `extra` are members that the wrapped client has beside the operations, getters included.
 *
 * Disposing of the wrapped client ends its own watches and keepalives, then what the wrapper has (`dispose`), and leaves the
 * client below alone; it rejects with what `dispose` rejects with. The end of a client ends every wrapped client made of it,
 * the outermost first. Throws `CLIENT_CLOSED` for a client that has ended.
 */
export function wrapClient<Extra extends object = Record<never, never>>(
  client: EtcdOperations,
  wrap: ServiceWrappers | ((site: ClientSite) => ServiceWrappers),
  // Every client has these names of its own.
  extra?: Extra & Partial<Record<keyof EtcdOperations | typeof Symbol.asyncDispose, never>>,
): EtcdOperations & AsyncDisposable & Extra {
  const below = internalsOf(client);
  if (below.layer.ended) throw clientClosed();
  const wrappers = typeof wrap === 'function' ? wrap(below.site) : wrap;
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const { kv, watch, lease } = below.services;
  const services: Services = {
    kv: wrappers.kv?.(kv) ?? kv,
    watch: endedBy(ending.signal, wrappers.watch?.(watch) ?? watch),
    lease: keptUntil(ending.signal, wrappers.lease?.(lease) ?? lease),
  };
  const end = (): unknown => (ending.abort(clientClosed()), wrappers.dispose?.());
  const layer = new Layer(below.layer, end, wrappers.dispose !== undefined);
  const names = below.names.and(wrappers.options ?? []);
  const wrapped = {
    ...facadesOf(services, names),
    [Symbol.asyncDispose]: () => layer.end(),
  };
  setInternals(wrapped, { services, names, site: below.site, layer });
  return withMembers(wrapped, extra);
}

/** The same object with more members, as they are defined: a getter stays one. */
function withMembers<T extends object, Extra extends object>(target: T, extra: Extra | undefined): T & Extra {
  const members = Object.getOwnPropertyDescriptors(extra ?? {});
  for (const name of Reflect.ownKeys(members)) {
    if (Object.hasOwn(target, name)) throw invalidArgument('extra', `has ${String(name)}, which every client has`);
  }
  return Object.defineProperties(target, members) as T & Extra;
}

/** The interfaces an application sees, over services. */
export function facadesOf({ kv, watch, lease }: Services, names: CallOptionNames): EtcdOperations {
  const watcher = new WatcherFacade(watch, names);
  return {
    kv: new KVFacade(kv, names),
    watcher,
    lease: new LeaseFacade(lease, names),
    watch: (...args: Parameters<Watcher['watch']>) => watcher.watch(...args),
  };
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
