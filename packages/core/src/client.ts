import type { InjectionToken } from 'tsyringe';
import { onAbort } from './abort.ts';
import { bindMethods } from './bound-methods.ts';
import type { CallOptions, Interceptor, InterceptorSite } from './call.ts';
import { CallOptionNames } from './call-options.ts';
import { ClusterFacade, type Cluster } from './cluster/cluster.ts';
import { EndpointSync, syncEndpoints } from './cluster/sync.ts';
import { describeTls, type ClientDescription } from './client-description.ts';
import { composeClient, composeConnections, type ClientParts, type Connections } from './container.ts';
import { clientClosed, reasonText } from './errors.ts';
import { setInternals } from './internals.ts';
import type { KV } from './kv/kv.ts';
import type { Lease } from './lease/lease.ts';
import { Layer } from './layer.ts';
import { MaintenanceFacade, type Maintenance } from './maintenance/maintenance.ts';
import { memberReady } from './maintenance/ready.ts';
import type { EtcdOperations } from './operations.ts';
import type { ClientOptions } from './options.ts';
import { traced } from './traced.ts';
import { versionGate } from './version-gate.ts';
import type { Watcher } from './watch/watch.ts';
import { waitFor } from './wire/waiting.ts';
import { facadesOf } from './wrap.ts';

/** A client of one etcd cluster (clientv3/client.go). Connects on first use; close it, or dispose of it, to let go. */
export interface EtcdClient extends EtcdOperations, AsyncDisposable {
  /** The members: listed, added, updated, promoted, removed. */
  readonly cluster: Cluster;
  /** Status, snapshots, alarms, defragmentation, hashes, leadership, downgrades. */
  readonly maintenance: Maintenance;
  /** The endpoints in use, as they were given. */
  readonly endpoints: readonly string[];
  /** Replaces the endpoints: those that stay keep their connection, calls on the others may end, their watches move. */
  setEndpoints(endpoints: readonly string[]): void;
  /** Takes the endpoints from the member list (clientv3 `Sync`). */
  sync(options?: CallOptions): Promise<void>;
  /**
   * Resolves when a member answers, by its status or by a verdict such as `PERMISSION_DENIED`: the connection works, and etcd is
   * behind it. It proves neither a quorum nor a password. Endpoints that fail are tried again until `timeoutMs`, by default
   * the client's `requestTimeoutMs`. With `endpoint` only that one is tried.
   *
   * Rejects with an EtcdError whose message has the reason of every endpoint, and whose `cause` is an `AggregateError` of them:
   * at the deadline, or at once if all of them last, as `TLS_FAILED` does. Its code is theirs if they agree, else `UNAVAILABLE`.
   */
  ready(options?: CallOptions): Promise<void>;
  /** A new client over the same connections with more interceptors, inside those of this one; never changes this one. */
  intercept(...more: Interceptor[]): EtcdClient;
  /** The resolved stack. */
  describe(): ClientDescription;
  /**
   * Ends every watch, keepalive and pending call, the wrapped clients made of this one, and the connections; calls reject
   * with `CLIENT_CLOSED` from then on. May be called again. A client made by `intercept` closes only what is its own.
   */
  close(): Promise<void>;
}

/** Makes a client; connects on first use. Throws an EtcdError that names the option if one is wrong. */
export function createClient(options: ClientOptions): EtcdClient {
  const connections = composeConnections(options);
  return new Client(connections, options.interceptors ?? [], true).closeOn(connections.options.signal);
}

class Client implements EtcdClient {
  readonly kv: KV;
  readonly watcher: Watcher;
  readonly lease: Lease;
  readonly watch: Watcher['watch'];
  readonly cluster: Cluster;
  readonly maintenance: Maintenance;
  readonly #connections: Connections;
  readonly #parts: ClientParts;
  readonly #ownsConnections: boolean;
  readonly #derived: Set<Client> = new Set();
  readonly #names: CallOptionNames;
  readonly #autoSync: EndpointSync | undefined;
  readonly #layer: Layer = new Layer();
  #closed: Promise<void> | undefined;
  /** Takes this client from the one that it was derived from, which may live longer. */
  #forget: () => void = () => {};
  #ignoreAbort: () => void = () => {};

  constructor(
    connections: Connections,
    interceptors: readonly (Interceptor | InjectionToken<Interceptor>)[],
    ownsConnections: boolean,
  ) {
    const { options, site } = connections;
    this.#connections = connections;
    this.#ownsConnections = ownsConnections;
    const gate = options.rejectOldCluster && ownsConnections ? [versionGate(() => this)] : [];
    this.#parts = composeClient(connections, [...gate, ...interceptors]);
    const { pipeline, services } = this.#parts;
    const names = (this.#names = new CallOptionNames(this.#parts.interceptors.flatMap((one) => one.options ?? [])));
    const facades = facadesOf(services, names);
    this.kv = facades.kv;
    this.watcher = facades.watcher;
    this.lease = facades.lease;
    this.watch = facades.watch;
    this.cluster = new ClusterFacade(pipeline, names);
    this.maintenance = new MaintenanceFacade(pipeline, () => this.endpoints, site.clock, names);
    setInternals(this, { services, names, site, layer: this.#layer, pipeline });
    bindMethods(this, Client.prototype);
    const every = options.autoSyncIntervalMs;
    this.#autoSync =
      every === undefined || !ownsConnections ? undefined : new EndpointSync(this, every, site.logger, site.clock);
  }

  get endpoints(): readonly string[] {
    return this.#connections.picker.slots.map((slot) => slot.endpoint.address);
  }

  setEndpoints(endpoints: readonly string[]): void {
    this.#connections.picker.setEndpoints(endpoints);
  }

  async sync(options?: CallOptions): Promise<void> {
    const { logger, clock } = this.#connections.site;
    await syncEndpoints(this, this.#names.of(options), logger, clock);
  }

  async ready(options?: CallOptions): Promise<void> {
    const { site, options: defaults } = this.#connections;
    const { wire, pipeline } = this.#parts;
    const { timeoutMs = defaults.requestTimeoutMs, ...call } = this.#names.of(options);
    const endpoints = call.endpoint === undefined ? this.endpoints : [call.endpoint];
    const wait: InterceptorSite['wait'] = (waiting, work) => waitFor(waiting, wire, work);
    await traced(memberReady({ pipeline, site: { ...site, wait } }, endpoints, { ...call, timeoutMs }));
  }

  intercept(...more: Interceptor[]): EtcdClient {
    if (this.#closed !== undefined) throw clientClosed();
    const derived = new Client(this.#connections, [...this.#parts.interceptors, ...more], false);
    this.#derived.add(derived);
    derived.#forget = () => this.#derived.delete(derived);
    return derived;
  }

  describe(): ClientDescription {
    const { options } = this.#connections;
    const { tls, transport, requestTimeoutMs, connectTimeoutMs, keepalive } = options;
    const { maxSendBytes, maxReceiveBytes, watchBufferBytes } = options;
    return {
      transport: transport.name,
      interceptors: this.#parts.interceptors.map(({ name }) => name),
      endpoints: this.#connections.picker.slots.map(({ endpoint, state }) => ({
        address: endpoint.address,
        secure: endpoint.secure,
        state,
      })),
      tls: tls && describeTls(tls, this.#connections.tls()),
      requestTimeoutMs,
      connectTimeoutMs,
      keepalive,
      maxSendBytes,
      maxReceiveBytes,
      watchBufferBytes,
      closed: this.#closed !== undefined,
    };
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** Closes when the signal aborts: at once, if it is aborted already. */
  closeOn(signal: AbortSignal | undefined): this {
    if (signal?.aborted === true) void this.close();
    else if (signal !== undefined) this.#ignoreAbort = onAbort(signal, () => void this.close());
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { wire, services } = this.#parts;
    wire.closed = true;
    this.#forget();
    this.#ignoreAbort();
    this.#autoSync?.close();
    // None of these is waited for before the client's own end: a wrapper of the application's may take its time.
    const others = [this.#endWrappers(), ...[...this.#derived].map((derived) => derived.close())];
    services.watch.close();
    services.lease.close();
    for (const one of [...wire.underWay]) one.closeNow();
    if (this.#ownsConnections) this.#connections.picker.close();
    await Promise.all(others);
    // Sockets are closed in the next turn of the event loop.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** A close does not fail, for it is often not waited for: what a wrapper fails with is logged. */
  async #endWrappers(): Promise<void> {
    try {
      await this.#layer.end();
    } catch (error) {
      const reason = reasonText(error);
      this.#connections.site.logger.error(`a wrapper of the closed client did not end well: ${reason}`, { reason });
    }
  }
}
