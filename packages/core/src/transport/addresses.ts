import { isIP } from 'node:net';
import type { Clock, Timer } from '../clock.ts';
import type { Metadata } from '../metadata.ts';
import type { Endpoint } from './endpoints.ts';
import type { Lookup } from './lookup.ts';
import type {
  ConnectFailure,
  Connection,
  ConnectionObserver,
  ConnectionOptions,
  WireCall,
  WireListener,
} from './transport.ts';

/** The delay before the next address of a name is tried while earlier attempts go on (RFC 8305, 5: Connection Attempt Delay). */
const STAGGER_MS = 250;
/** The longest delay before the last address of a name is tried, however many there are. */
const ALL_TRIED_MS = 2_000;

/** The parts of {@link connectionTo}. */
export interface AddressParts {
  /** Finds the addresses of a host name. */
  readonly lookup: Lookup;
  /** The timers between the attempts. */
  readonly clock: Clock;
  /** Makes a connection to one address: `endpoint.ip` if that is set, else `endpoint.host` or `endpoint.socketPath`. */
  connect(endpoint: Endpoint, options: ConnectionOptions): Connection;
}

/**
 * Makes the connection to an endpoint, for the `connect` of a transport. An IP address or a unix socket is used as it is. A host
 * name is looked up, and its addresses are tried in their order (RFC 8305): the next one when one fails, or after 250 ms without a
 * connection. The first connection that is ready is used, and the others are closed.
 *
 *     const transport = {
 *       name: 'mine',
 *       connect: (endpoint, options) => connectionTo(endpoint, options, { lookup: systemLookup, clock: systemClock, connect }),
 *     };
 */
export function connectionTo(endpoint: Endpoint, options: ConnectionOptions, parts: AddressParts): Connection {
  const direct = endpoint.socketPath !== undefined || isIP(endpoint.host) !== 0;
  return direct ? parts.connect(endpoint, options) : new NamedConnection(endpoint, options, parts);
}

/**
 * One connection to a host name. Its addresses are tried one after the other, in the order of the lookup. The next attempt
 * starts if one fails (TCP, TLS or HTTP/2), or after 250 ms without a connection; with more than eight addresses, sooner. The
 * first connection that is ready is used, and the others are closed.
 */
class NamedConnection implements Connection {
  readonly endpoint: Endpoint;
  readonly #options: ConnectionOptions;
  readonly #parts: AddressParts;
  #observer: ConnectionObserver | undefined;
  /** The addresses that were not tried yet. */
  #rest: Endpoint[] = [];
  #staggerMs = STAGGER_MS;
  #timer: Timer | undefined;
  readonly #trying: Map<Connection, Endpoint> = new Map();
  readonly #failures: { readonly ip: string | undefined; readonly failure: ConnectFailure }[] = [];
  #standing: Connection | undefined;

  constructor(endpoint: Endpoint, options: ConnectionOptions, parts: AddressParts) {
    this.endpoint = endpoint;
    this.#options = options;
    this.#parts = parts;
  }

  connect(observer: ConnectionObserver): void {
    this.#observer = observer;
    this.#parts.lookup(this.endpoint.host, (error, ips) => {
      if (this.#observer === undefined) return;
      if (error !== undefined) return this.#fail({ details: error.message, tls: false, cause: error });
      this.#rest = [...new Set(ips)].map((ip) => ({ ...this.endpoint, ip }));
      this.#staggerMs = Math.min(STAGGER_MS, ALL_TRIED_MS / this.#rest.length);
      this.#tryNext();
    });
  }

  start(path: string, metadata: Metadata, listener: WireListener, request?: Buffer): WireCall {
    return (this.#standing as Connection).start(path, metadata, listener, request);
  }

  close(now: boolean): void {
    this.#observer = undefined;
    this.#stop();
    this.#standing?.close(now);
  }

  #tryNext(): void {
    this.#timer?.cancel();
    const endpoint = this.#rest.shift();
    if (endpoint === undefined) {
      // Attempts under way may still succeed.
      if (this.#trying.size === 0) this.#fail(this.#summary());
      return;
    }
    if (this.#rest.length > 0) this.#timer = this.#parts.clock.after(this.#staggerMs, () => this.#tryNext());
    const connection = this.#parts.connect(endpoint, this.#options);
    this.#trying.set(connection, endpoint);
    try {
      connection.connect({
        onReady: () => this.#stands(connection),
        onLost: (failure) => this.#lost(connection, failure),
        onCrowded: (limit) => this.#observer?.onCrowded(limit),
      });
    } catch (cause) {
      this.#lost(connection, { details: (cause as Error).message, tls: false, cause });
    }
  }

  #stands(connection: Connection): void {
    if (!this.#trying.delete(connection)) return;
    this.#stop();
    this.#standing = connection;
    this.#observer?.onReady();
  }

  #lost(connection: Connection, failure: ConnectFailure): void {
    if (connection === this.#standing) return this.#fail(failure);
    const endpoint = this.#trying.get(connection);
    if (endpoint === undefined) return;
    this.#trying.delete(connection);
    connection.close(true);
    this.#failures.push({ ip: endpoint.ip, failure });
    this.#tryNext();
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#rest = [];
    for (const connection of this.#trying.keys()) connection.close(true);
    this.#trying.clear();
  }

  #fail(failure: ConnectFailure): void {
    const observer = this.#observer;
    this.#observer = undefined;
    observer?.onLost(failure);
  }

  /** Why no address gave a connection. It is a failure of TLS only if TLS failed at every address. */
  #summary(): ConnectFailure {
    const [first] = this.#failures;
    if (first === undefined) return { details: 'the name has no address', tls: false };
    if (this.#failures.length === 1) return first.failure;
    return {
      details: this.#failures.map(({ ip, failure }) => `${ip}: ${failure.details}`).join(', '),
      tls: this.#failures.every(({ failure }) => failure.tls),
      cause: this.#failures.find(({ failure }) => failure.cause !== undefined)?.failure.cause,
    };
  }
}
