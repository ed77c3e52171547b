import type { Endpoint } from '../endpoints.ts';
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

/**
 * The transport over @grpc/grpc-js: the default. One channel per connection, with a subchannel pool of its own. The library
 * is loaded by the first connection, and never in a process whose clients all have another transport.
 */
export function grpcTransport(): Transport {
  return {
    name: '@grpc/grpc-js',
    connect: (endpoint, options) =>
      library === undefined ? new LoadingConnection(endpoint, options) : new library.GrpcConnection(endpoint, options),
  };
}

/** A connection that loads grpc-js before it connects. */
class LoadingConnection implements Connection {
  readonly endpoint: Endpoint;
  readonly #options: ConnectionOptions;
  #connection: Connection | undefined;
  #observer: ConnectionObserver | undefined;

  constructor(endpoint: Endpoint, options: ConnectionOptions) {
    this.endpoint = endpoint;
    this.#options = options;
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
    this.#connection = new GrpcConnection(this.endpoint, this.#options);
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
