import { systemClock } from '../../clock.ts';
import { connectionTo, type AddressParts } from '../addresses.ts';
import type { Endpoint } from '../endpoints.ts';
import { systemLookup, type Lookup } from '../lookup.ts';
import type { Metadata } from '../../metadata.ts';
import type {
  ConnectFailure,
  Connection,
  ConnectionObserver,
  ConnectionOptions,
  Transport,
  WireCall,
  WireListener,
} from '../transport.ts';

type Library = typeof import('./grpc-connection.ts');

let library: Library | undefined;

/** Options of {@link grpcTransport}. */
export interface GrpcTransportOptions {
  /** How host names are looked up. Defaults to Node's `dns.lookup`, for all addresses. */
  readonly lookup?: Lookup | undefined;
}

/**
 * The transport over @grpc/grpc-js, the default. Each connection has one channel, with a subchannel pool of its own. The first
 * connection loads the library; a process whose clients all have another transport never loads it.
 */
export function grpcTransport({ lookup = systemLookup }: GrpcTransportOptions = {}): Transport {
  const peeked = new Set<string>();
  const parts: AddressParts = {
    lookup,
    clock: systemClock,
    connect: (endpoint, options) =>
      library === undefined
        ? new LoadingConnection(endpoint, options, peeked)
        : new library.GrpcConnection(endpoint, options, peeked),
  };
  return { name: '@grpc/grpc-js', connect: (endpoint, options) => connectionTo(endpoint, options, parts) };
}

/** A connection that loads grpc-js before it connects. */
class LoadingConnection implements Connection {
  readonly endpoint: Endpoint;
  readonly #options: ConnectionOptions;
  readonly #peeked: Set<string>;
  #connection: Connection | undefined;
  #observer: ConnectionObserver | undefined;

  constructor(endpoint: Endpoint, options: ConnectionOptions, peeked: Set<string>) {
    this.endpoint = endpoint;
    this.#options = options;
    this.#peeked = peeked;
  }

  connect(observer: ConnectionObserver): void {
    this.#observer = observer;
    import('./grpc-connection.ts').then(
      (loaded) => this.#connect((library = loaded)),
      (cause: Error) => this.#fail({ details: `@grpc/grpc-js cannot be loaded: ${cause.message}`, tls: false, cause }),
    );
  }

  start(path: string, metadata: Metadata, listener: WireListener, request?: Buffer): WireCall {
    return (this.#connection as Connection).start(path, metadata, listener, request);
  }

  close(now: boolean): void {
    this.#observer = undefined;
    this.#connection?.close(now);
  }

  #connect({ GrpcConnection }: Library): void {
    const observer = this.#observer;
    if (observer === undefined) return;
    this.#connection = new GrpcConnection(this.endpoint, this.#options, this.#peeked);
    try {
      this.#connection.connect(observer);
    } catch (cause) {
      this.#fail({ details: (cause as Error).message, tls: false, cause });
    }
  }

  #fail(failure: ConnectFailure): void {
    const observer = this.#observer;
    this.#observer = undefined;
    observer?.onLost(failure);
  }
}
