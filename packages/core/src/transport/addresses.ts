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

/** The next address of a name is tried after so long, while the ones before go on (RFC 8305, 5: Connection Attempt Delay). */
const STAGGER_MS = 250;
/** However many addresses a name has, the last one is tried after so long. */
const ALL_TRIED_MS = 2_000;

/** What a connection to a name is made of. */
export interface AddressParts {
  readonly lookup: Lookup;
  readonly clock: Clock;
  /** Makes a connection to one address: to `endpoint.ip` if it is set. */
  connect(endpoint: Endpoint, options: ConnectionOptions): Connection;
}

/** A connection to an endpoint, at whichever of its addresses there is one; to an IP address or a unix socket as it is. */
export function connectionTo(endpoint: Endpoint, options: ConnectionOptions, parts: AddressParts): Connection {
  const direct = endpoint.socketPath !== undefined || isIP(endpoint.host) !== 0;
  return direct ? parts.connect(endpoint, options) : new NamedConnection(endpoint, options, parts);
}

/**
 * One connection to a host name. Its addresses are tried one after the other, in the order of the lookup: the next one when
 * one fails, TCP, TLS or HTTP/2, or after 250 ms without a connection, sooner for more than eight. The first connection that
 * stands is used, and the others are closed.
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
      // Those that are being tried may still succeed.
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

  /** Why no address gave a connection: a matter of TLS only if it is one at all of them. */
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
