// What a transport is: the half below the picker that moves encoded messages to one endpoint. In our own terms, so that
// another HTTP/2 implementation can take grpc-js's place; nothing above this file knows which one is used.
import type { Metadata } from '../metadata.ts';
import type { Endpoint } from './endpoints.ts';

/** TLS towards every `https://` and `unixs:` endpoint, and towards endpoints without scheme. */
export interface TlsOptions {
  /** PEM of the authorities to trust. Defaults to Node's own. */
  ca?: string | Buffer | undefined;
  /** PEM of the client certificate; together with `key`. */
  cert?: string | Buffer | undefined;
  /** PEM of the client key. */
  key?: string | Buffer | undefined;
  /** The name to verify the server's certificate against, instead of the endpoint's host. */
  serverName?: string | undefined;
  /** Accepts any certificate. For development alone: it is said as a warning. */
  insecureSkipVerify?: boolean | undefined;
}

/** How far a failed call got. `unsent`: never written. `refused`: the peer says that it did not process it. */
export type Reach = 'unsent' | 'refused' | 'sent';

/** How a call ended on the wire. */
export interface WireStatus {
  /** gRPC's number, 0 for well; may be NaN or anything else where a server lies. */
  readonly code: number;
  readonly details: string;
  readonly reach: Reach;
}

/** What a started call tells its owner. No method is called after `onEnd`, nor after `WireCall.cancel`. */
export interface WireListener {
  /** One whole message, without prefix. */
  onMessage(message: Buffer): void;
  onEnd(status: WireStatus): void;
}

/** One call on a connection. */
export interface WireCall {
  /** Sends one frame, prefix included. */
  send(frame: Buffer): void;
  halfClose(): void;
  /** Asks for one more message; `onMessage` is called once for each. */
  read(): void;
  /** Ends the call at once; the peer sees RST_STREAM CANCEL. */
  cancel(): void;
}

/** A failure to connect, with what is known of the reason. */
export interface ConnectFailure {
  readonly details: string;
  /** The TLS handshake failed: certificates or configuration, not the network. */
  readonly tls: boolean;
  readonly cause?: unknown;
}

/** One connection to one endpoint, used once: it connects, serves calls, is lost or closed. */
export interface Connection {
  readonly endpoint: Endpoint;
  /**
   * Connects: TCP, TLS and HTTP/2 settings. `onReady` or `onLost` follows; after `onReady`, `onLost` once when the
   * connection takes no new calls any more. Calls under way may still end well then.
   */
  connect(observer: { onReady(): void; onLost(failure: ConnectFailure): void }): void;
  /** Starts a call; only between `onReady` and `onLost`. */
  start(path: string, metadata: Metadata, listener: WireListener): WireCall;
  /** Closes when the calls under way have ended; `now` ends them. */
  close(now: boolean): void;
}

/** What every connection of a client is made with. */
export interface ConnectionOptions {
  readonly tls: TlsOptions | undefined;
  readonly keepalive: { readonly timeMs: number; readonly timeoutMs: number } | undefined;
  readonly maxReceiveBytes: number;
}

/** Makes connections. `name` appears in `describe()`. */
export interface Transport {
  readonly name: string;
  connect(endpoint: Endpoint, options: ConnectionOptions): Connection;
}
