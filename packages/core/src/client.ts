import type { InjectionToken } from 'tsyringe';
import { onAbort } from './abort.ts';
import type { CallOptions, ClientStream, Interceptor } from './call.ts';
import { CallOptionNames } from './call-options.ts';
import { ClusterFacade, type Cluster } from './cluster/cluster.ts';
import { EndpointSync, syncEndpoints } from './cluster/sync.ts';
import { describeTls, type ClientDescription } from './client-description.ts';
import { composeClient, composeConnections, type ClientParts, type Connections } from './container.ts';
import { clientClosed, invalidArgument } from './errors.ts';
import type { KV } from './kv/kv.ts';
import type { Lease } from './lease/lease.ts';
import { MaintenanceFacade, type Maintenance } from './maintenance/maintenance.ts';
import type { Method } from './methods.ts';
import type { EtcdOperations, Services } from './operations.ts';
import type { ClientOptions } from './options.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { versionGate } from './version-gate.ts';
import type { Watcher } from './watch/watch.ts';
import { facadesOf, registerServices } from './wrap.ts';
import { traced } from './traced.ts';

/** A client of one etcd cluster (clientv3/client.go). Connects on first use; close it, or dispose of it, to let go. */
export interface EtcdClient extends EtcdOperations, AsyncDisposable {
  readonly cluster: Cluster;
  readonly maintenance: Maintenance;
  /** The endpoints in use, as they were given. */
  readonly endpoints: readonly string[];
  /** Replaces the endpoints: those that stay keep their connection, calls on the others may end, their watches move. */
  setEndpoints(endpoints: readonly string[]): void;
  /** Takes the endpoints from the member list (clientv3 `Sync`). */
  sync(options?: CallOptions): Promise<void>;
  /** A new client over the same connections with more interceptors, inside those of this one; never changes this one. */
  intercept(...more: Interceptor[]): EtcdClient;
  /** The resolved stack. */
  describe(): ClientDescription;
  /**
   * Ends every watch, keepalive and pending call, and the connections; calls reject with `CLIENT_CLOSED` from then on. May
   * be called again. A client made by `intercept` closes only what is its own.
   */
  close(): Promise<void>;
}

// Out of reach of the application, so that a wrapped client has no way around its wrapper.
const pipelines = new WeakMap<object, Pipeline>();

/**
 * Sends a unary RPC through every interceptor of a client: for packages that add operations of etcd, as auth's, or of another
 * service (`defineService`). Takes what `createClient` and `intercept` return, and refuses a wrapped client, whose wrapper it
 * would pass by. Rejects with `INVALID_ARGUMENT` for what is no unary method.
 */
export function invoke<Req, Res>(
  client: EtcdClient,
  method: Method<Req, Res>,
  request: Req,
  options: CallOptions = {},
): Promise<Res> {
  return traced(pipelineOf(client).unary(method, request, options));
}

/**
 * Opens a stream through every interceptor of a client, as `invoke` does for a unary RPC. `request` is the one message of a
 * stream that only the server sends on, and `undefined` for one whose messages go through `send`. A stream that cannot be
 * opened fails when it is read: with `INVALID_ARGUMENT` for what is no streaming method.
 */
export function invokeStream<Req, Res>(
  client: EtcdClient,
  method: Method<Req, Res>,
  request?: Req,
  options: CallOptions = {},
): ClientStream<Req, Res> {
  return pipelineOf(client).stream(method, request as Req, options);
}

function pipelineOf(client: EtcdClient): Pipeline {
  const pipeline = pipelines.get(client);
  if (pipeline === undefined) throw invalidArgument('client', 'must be what createClient or intercept returned');
  return pipeline;
}

/** Makes a client; connects on first use. Throws an EtcdError that names the option where one is wrong. */
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
  readonly #autoSync: EndpointSync | undefined;
  #hubs: { close(): void }[] = [];
  #closed: Promise<void> | undefined;
  /** Tells the client that this one was derived from; it lives longer. */
  #forget: () => void = () => {};
  #ignoreAbort: () => void = () => {};

  constructor(
    connections: Connections,
    interceptors: readonly (Interceptor | InjectionToken<Interceptor>)[],
    ownsConnections: boolean,
  ) {
    const { options, clock } = connections;
    this.#connections = connections;
    this.#ownsConnections = ownsConnections;
    const gate = options.rejectOldCluster && ownsConnections ? [versionGate(() => this)] : [];
    this.#parts = composeClient(connections, [...gate, ...interceptors]);
    const services = this.#services();
    const names = new CallOptionNames(this.#parts.interceptors.flatMap((one) => one.options ?? []));
    const facades = facadesOf(() => services, names);
    this.kv = facades.kv;
    this.watcher = facades.watcher;
    this.lease = facades.lease;
    this.watch = facades.watch;
    this.cluster = new ClusterFacade(this.#parts.pipeline, names);
    this.maintenance = new MaintenanceFacade(this.#parts.pipeline, () => this.endpoints, clock, names);
    registerServices(this, () => services, names);
    pipelines.set(this, this.#parts.pipeline);
    const every = options.autoSyncIntervalMs;
    this.#autoSync =
      every === undefined || !ownsConnections ? undefined : new EndpointSync(this, every, options.logger, clock);
  }

  get endpoints(): readonly string[] {
    return this.#connections.picker.slots.map((slot) => slot.endpoint.address);
  }

  setEndpoints(endpoints: readonly string[]): void {
    this.#connections.picker.setEndpoints(endpoints);
  }

  sync(options: CallOptions = {}): Promise<void> {
    return syncEndpoints(this, options, this.#connections.options.logger, this.#connections.clock);
  }

  intercept(...more: Interceptor[]): EtcdClient {
    if (this.#closed !== undefined) throw clientClosed();
    const derived = new Client(this.#connections, [...this.#parts.interceptors, ...more], false);
    this.#derived.add(derived);
    derived.#forget = () => this.#derived.delete(derived);
    return derived;
  }

  describe(): ClientDescription {
    const { tls, transport, requestTimeoutMs, connectTimeoutMs, keepalive, maxSendBytes, maxReceiveBytes } =
      this.#connections.options;
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
    const { wire } = this.#parts;
    wire.closed = true;
    this.#forget();
    this.#ignoreAbort();
    this.#autoSync?.close();
    await Promise.all([...this.#derived].map((derived) => derived.close()));
    for (const hub of this.#hubs) hub.close();
    for (const one of [...wire.underWay]) one.closeNow();
    if (this.#ownsConnections) this.#connections.picker.close();
    // Sockets are closed in the next turn of the event loop.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  #services(): Services {
    const { kv, watch, lease } = this.#parts;
    return { kv, watch: this.#opened(watch()), lease: this.#opened(lease()) };
  }

  #opened<T extends { close(): void }>(hub: T): T {
    this.#hubs.push(hub);
    return hub;
  }
}
