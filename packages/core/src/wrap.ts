import { setMaxListeners } from 'node:events';
import type { CallOptions, ClientSite } from './call.ts';
import type { CallOptionNames } from './call-options.ts';
import { describe } from './describe.ts';
import { clientClosed, invalidArgument } from './errors.ts';
import { internalsOf, setInternals } from './internals.ts';
import { checkKnown, optionTable, type OptionChecks } from './known-options.ts';
import { KVFacade } from './kv/kv.ts';
import type { KVService } from './kv/service.ts';
import { LeaseFacade } from './lease/lease.ts';
import type { LeaseService } from './lease/service.ts';
import type { EtcdOperations, Services } from './operations.ts';
import type { WatchService } from './watch/service.ts';
import { WatcherFacade } from './watch/watch.ts';

/** The functions that a wrapper puts around the services. A service that it does not name is not wrapped. */
export interface ServiceWrappers {
  /** The names of the call options that the wrapper understands, beside those that the client below understands. */
  readonly options?: readonly string[] | undefined;
  /** Returns the KV service of the wrapped client, made around the client's. */
  kv?(next: KVService): KVService;
  /** Returns the watch service of the wrapped client, made around the client's. */
  watch?(next: WatchService): WatchService;
  /** Returns the lease service of the wrapped client, made around the client's. */
  lease?(next: LeaseService): LeaseService;
  /**
   * Ends what the wrapper has of its own: timers, watches, keepalives. Called once, when the wrapped client is disposed of or
   * a client below it ends. All that was made of the wrapped client has ended by then. If the client at the bottom was closed,
   * calls reject with `CLIENT_CLOSED`.
   */
  dispose?(): Promise<void> | void;
}

/**
 * Builds a client whose services are wrapped; namespaces and other transparent wrappers are made with it. Every operation passes
 * the wrapper, because the facades are built anew above it. It takes a client or a wrapped client, whose connections it shares,
 * and refuses a copy of one.
 *
 * `wrap` holds the functions around the services, or is a function that returns them and is called once, with the client's
 * clock, random numbers and logger. `extra` are members that the wrapped client has beside the operations, including getters.
 *
 * Disposal of the wrapped client ends its own watches and keepalives, then what the wrapper has (`dispose`). It does not end the
 * client below, and rejects with the error of `dispose`. The end of a client ends every wrapped client made of it, the outermost
 * first. Throws `CLIENT_CLOSED` for a client that has ended.
 */
export function wrapClient<Extra extends object = Record<never, never>>(
  client: EtcdOperations,
  wrap: ServiceWrappers | ((site: ClientSite) => ServiceWrappers),
  // These names are taken, because every client has them.
  extra?: Extra & Partial<Record<keyof EtcdOperations | typeof Symbol.asyncDispose, never>>,
): EtcdOperations & AsyncDisposable & Extra {
  const below = internalsOf(client);
  if (below.layer.ended) throw clientClosed();
  const wrappers = typeof wrap === 'function' ? wrap(below.site) : wrap;
  checkWrappers(wrappers);
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const { kv, watch, lease } = below.services;
  const services: Services = {
    kv: wrappers.kv?.(kv) ?? kv,
    watch: endedBy(ending.signal, wrappers.watch?.(watch) ?? watch),
    lease: keptUntil(ending.signal, wrappers.lease?.(lease) ?? lease),
  };
  const end = (): unknown => (ending.abort(clientClosed()), wrappers.dispose?.());
  const layer = below.layer.above(end, wrappers.dispose !== undefined);
  const names = below.names.and(wrappers.options ?? []);
  const wrapped = {
    ...facadesOf(services, names),
    [Symbol.asyncDispose]: () => layer.end(),
  };
  setInternals(wrapped, { services, names, site: below.site, layer });
  return withMembers(wrapped, extra);
}

// A misspelt wrapper would wrap nothing. An instance of a class may have members of its own.
function checkWrappers(wrappers: ServiceWrappers): void {
  if (typeof wrappers !== 'object' || wrappers === null)
    throw invalidArgument(
      'wrap',
      `must be an object of wrappers, or a function that returns one, not ${describe(wrappers)}`,
    );
  if (Object.getPrototypeOf(wrappers) === Object.prototype) checkKnown(wrappers, WRAPPERS, 'wrap');
}

const WRAPPERS = optionTable({
  options: 'object',
  kv: 'function',
  watch: 'function',
  lease: 'function',
  dispose: 'function',
} satisfies OptionChecks<ServiceWrappers>);

/** Adds members to an object as they are defined, so that a getter stays one. */
function withMembers<T extends object, Extra extends object>(target: T, extra: Extra | undefined): T & Extra {
  const members = Object.getOwnPropertyDescriptors(extra ?? {});
  for (const name of Reflect.ownKeys(members)) {
    if (Object.hasOwn(target, name)) throw invalidArgument('extra', `has ${String(name)}, which every client has`);
  }
  return Object.defineProperties(target, members) as T & Extra;
}

/** Builds the facades over services. */
export function facadesOf({ kv, watch, lease }: Services, names: CallOptionNames): EtcdOperations {
  const watcher = new WatcherFacade(watch, names);
  return {
    kv: new KVFacade(kv, names),
    watcher,
    lease: new LeaseFacade(lease, names),
    watch: watcher.watch,
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
