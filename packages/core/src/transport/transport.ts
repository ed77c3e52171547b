// What a transport is: the half below the picker that moves encoded messages to one endpoint. In our own terms, so that
// another HTTP/2 implementation can take grpc-js's place; nothing above this file knows which one is used. The contract suite,
// `connectionContract` of @etcdts/testing, holds an implementation to what stands here.
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
  /** Accepts any certificate. For development only: the log warns of it. */
  insecureSkipVerify?: boolean | undefined;
}

/** TLS options that a function gives, so that certificates can be replaced while a client lives. */
export interface TlsLoader {
  /**
   * Called for each new connection that uses TLS; what it returns holds for that one. If it throws, rejects, takes longer than
   * `connectTimeoutMs` or returns what cannot be read, the last good options are used and the log warns of it; before there are
   * any, the connection fails with `TLS_FAILED`.
   */
  load: () => TlsOptions | Promise<TlsOptions>;
  /** Returned by `load`. */
  ca?: undefined;
  /** Returned by `load`. */
  cert?: undefined;
  /** Returned by `load`. */
  key?: undefined;
  /** The name to verify the server's certificate against, unless `load` returns one. */
  serverName?: string | undefined;
  /** Accepts any certificate, unless `load` says otherwise. For development only: the log warns of it. */
  insecureSkipVerify?: boolean | undefined;
}

/**
 * How far a failed call got. `unsent`: no byte of it was given to the network. `refused`: the peer says that it did not process
 * the call, by RST_STREAM with REFUSED_STREAM or by a GOAWAY whose last stream is below the call's (RFC 9113, 8.7 and 6.8).
 * `sent`: anything else. A transport in doubt says `sent`: calls of the other two kinds are sent again, writes included.
 */
export type Reach = 'unsent' | 'refused' | 'sent';

/** How a call ended on the wire. */
export interface WireStatus {
  /** gRPC's number, 0 for well; may be NaN or anything else if a server lies. */
  readonly code: number;
  readonly details: string;
  readonly reach: Reach;
  /** The connection refused a message of the peer's that is larger than `maxReceiveBytes`. */
  readonly tooLarge?: true;
}

/**
 * What a started call reports to its owner. No method is called before `start` has returned, after `onEnd`, or after
 * `WireCall.cancel`.
 */
export interface WireListener {
  /** One whole message, without prefix. The bytes belong to the listener. */
  onMessage(message: Buffer): void;
  /** The end, once, after all messages that came before it. */
  onEnd(status: WireStatus): void;
}

/** One call on a connection. */
export interface WireCall {
  /**
   * Sends one frame: gRPC's 5-byte prefix, then the message. The frame is not changed afterwards. What the peer cannot take
   * yet is kept.
   */
  send(frame: Buffer): void;
  /** Ends the sending, after all frames; called at most once. */
  halfClose(): void;
  /**
   * Asks for one more message; `onMessage` is called once for each. A connection reads no further than it was asked to, up to its
   * flow control window, so that a slow reader stops the peer. The end may be reported only after one read more than messages.
   */
  read(): void;
  /**
   * Why nothing of the call has left yet, as a clause (`the call waits for a stream: …`); `undefined` if some of it may have.
   * A call that is cancelled while this is set never leaves.
   */
  readonly unsent?: string | undefined;
  /** Ends the call at once; the peer sees RST_STREAM with CANCEL. May be called again, and after the end. */
  cancel(): void;
}

/** A failure to connect, with what is known of the reason. */
export interface ConnectFailure {
  readonly details: string;
  /** The TLS handshake failed: certificates or configuration, not the network. */
  readonly tls: boolean;
  readonly cause?: unknown;
}

/** What a connection reports to its owner. */
export interface ConnectionObserver {
  onReady(): void;
  onLost(failure: ConnectFailure): void;
  /**
   * Calls wait, because the peer allows no more than `limit` streams at a time (SETTINGS_MAX_CONCURRENT_STREAMS). Reported
   * each time that a first call waits.
   */
  onCrowded(limit: number): void;
}

/** One connection to one endpoint, used once: it connects, serves calls, is lost or closed. */
export interface Connection {
  readonly endpoint: Endpoint;
  /**
   * Connects: TCP, TLS and HTTP/2 settings. `onReady` or `onLost` follows, never before `connect` has returned; after
   * `onReady`, `onLost` once when the connection takes no new calls any more. Calls under way may still end well then. There is
   * no deadline here: a peer that accepts and stays silent is given up by the owner, who closes the connection.
   */
  connect(observer: ConnectionObserver): void;
  /**
   * Starts a call; only between `onReady` and `onLost`. Throws `INVALID_ARGUMENT` for metadata that HTTP/2 cannot carry.
   *
   * The same metadata is the same object: nearly all calls of a client carry one that never changes, so what is made of it can
   * be kept in a `WeakMap`.
   *
   * A call beyond the number of streams that the peer allows waits in the connection, with a reason in `unsent`. If the
   * connection is lost or closed meanwhile, it ends as `unsent`.
   *
   * With `request` the call is unary, and given whole: the connection sends that one frame and half-closes, which fits one
   * write, and reports every message without being asked. The owner calls neither `send` nor `halfClose` nor `read`. Without
   * it, the owner calls them, in any order and number.
   */
  start(path: string, metadata: Metadata, listener: WireListener, request?: Buffer): WireCall;
  /** Closes when the calls under way have ended; `now` ends them, as `sent`. The observer is called no more. */
  close(now: boolean): void;
}

/**
 * When a connection pings: after `timeMs` without any byte from the peer while calls are under way, with `permitWithoutCalls`
 * also while there are none. A peer that leaves a ping unanswered for `timeoutMs` is lost, with its calls.
 */
export interface KeepaliveTimes {
  readonly timeMs: number;
  readonly timeoutMs: number;
  readonly permitWithoutCalls: boolean;
}

/** What a connection is made with. */
export interface ConnectionOptions {
  /** Of this connection: those of `tls.load` are loaded already. */
  readonly tls: TlsOptions | undefined;
  /** `undefined`: no pings. */
  readonly keepalive: KeepaliveTimes | undefined;
  /** A larger message ends its call with code 8, as `sent`. */
  readonly maxReceiveBytes: number;
}

/** Makes connections. `name` appears in `describe()`. */
export interface Transport {
  readonly name: string;
  connect(endpoint: Endpoint, options: ConnectionOptions): Connection;
}
