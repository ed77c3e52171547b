// The interface of a transport, which moves encoded messages to one endpoint. It has no term of grpc-js, so that another HTTP/2
// implementation can take its place; nothing above this file depends on which one is used. `connectionContract` of
// @etcdts/testing tests an implementation against this file.
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
  /** Accepts any certificate. Only for development: the client logs a warning. */
  insecureSkipVerify?: boolean | undefined;
}

/** TLS options that a function returns, so that certificates can be replaced while a client lives. */
export interface TlsLoader {
  /**
   * Called for each new connection that uses TLS; its result is used for that connection. If it throws, rejects, takes longer than
   * `connectTimeoutMs` or returns unreadable options, the last good options are used and the client logs a warning. If there are
   * none yet, the connection fails with `TLS_FAILED`.
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
  /** Accepts any certificate, unless `load` returns another value. Only for development: the client logs a warning. */
  insecureSkipVerify?: boolean | undefined;
}

/**
 * How far a failed call got. `unsent`: no byte of it was given to the network. `refused`: the peer has not processed the call,
 * by RST_STREAM with REFUSED_STREAM or by a GOAWAY whose last stream is below the call's (RFC 9113, 8.7 and 6.8). `sent`:
 * anything else. A transport that cannot decide reports `sent`, because calls of the other two kinds are sent again, writes
 * included.
 */
export type Reach = 'unsent' | 'refused' | 'sent';

/** How a call ended on the wire. */
export interface WireStatus {
  /** gRPC's number; 0 is success. A broken server may send any number, or none (NaN). */
  readonly code: number;
  /** The text that came with the status (grpc-message), or the transport's own. */
  readonly details: string;
  /** How far the request came, which decides what an error states of its effect. */
  readonly reach: Reach;
  /** The connection refused a message of the peer's that is larger than `maxReceiveBytes`. */
  readonly tooLarge?: true;
}

/**
 * The functions by which a started call reports to its owner. None is called before `start` has returned, after `onEnd`, or after
 * `WireCall.cancel`.
 */
export interface WireListener {
  /**
   * One whole message, without prefix. The bytes belong to the listener, and may be overwritten once it has returned, or after
   * `onEnd` if the call is unary. A listener that passes messages on copies what it keeps.
   */
  onMessage(message: Buffer): void;
  /** The end, once, after all messages that came before it. */
  onEnd(status: WireStatus): void;
}

/** One call on a connection. */
export interface WireCall {
  /**
   * Sends one frame: gRPC's 5-byte prefix, then the message. The caller does not change the frame afterwards. The connection
   * keeps what the peer cannot receive yet.
   */
  send(frame: Buffer): void;
  /** Half-closes after all frames. Called at most once. */
  halfClose(): void;
  /**
   * Requests one more message; `onMessage` is called once for each. A connection reads no more than was requested, up to its
   * flow control window, so that a slow reader stops the peer. The end may be reported only after one more `read` than messages.
   */
  read(): void;
  /**
   * Why nothing of the call has left yet, as a clause (`the call waits for a stream: …`); `undefined` if part of it may have
   * left. A call that is cancelled while this is set never leaves.
   */
  readonly unsent?: string | undefined;
  /** Ends the call at once; the peer sees RST_STREAM with CANCEL. May be called again, and after the end. */
  cancel(): void;
}

/** A failure to connect, or the loss of a connection, with its reason. */
export interface ConnectFailure {
  /** What happened, in words, for errors and the log. */
  readonly details: string;
  /** The TLS handshake failed: certificates or configuration, not the network. */
  readonly tls: boolean;
  /** The peer has announced the end, with no error (GOAWAY with NO_ERROR): it stops, or sends its clients elsewhere. */
  readonly graceful?: true;
  /** The error beneath, if there is one. */
  readonly cause?: unknown;
}

/** The functions by which a connection reports to its owner. */
export interface ConnectionObserver {
  /** The connection takes calls. Called at most once. */
  onReady(): void;
  /** The connection takes no more calls. Called at most once, and not after `close`. */
  onLost(failure: ConnectFailure): void;
  /**
   * Called when calls wait, because the peer allows only `limit` streams at a time (SETTINGS_MAX_CONCURRENT_STREAMS): each time
   * that a call starts to wait while no other does.
   */
  onCrowded(limit: number): void;
}

/** One connection to one endpoint, used once: it connects, serves calls, and is lost or closed. */
export interface Connection {
  /** Where it leads. */
  readonly endpoint: Endpoint;
  /**
   * Connects: TCP, TLS and HTTP/2 settings. `onReady` or `onLost` follows, never before `connect` has returned. After `onReady`,
   * `onLost` is called once when the connection accepts no more calls; calls under way may still succeed then. There is no
   * deadline here: the owner closes the connection if a peer accepts it and sends nothing.
   */
  connect(observer: ConnectionObserver): void;
  /**
   * Starts a call, only between `onReady` and `onLost`. Throws `INVALID_ARGUMENT` for metadata that HTTP/2 cannot carry.
   *
   * Nearly all calls of a client carry the same metadata object, which never changes. An implementation can therefore keep what
   * it makes of the metadata in a `WeakMap`.
   *
   * A call beyond the number of streams that the peer allows waits in the connection, with a reason in `unsent`. If the
   * connection is lost or closed meanwhile, it ends as `unsent`.
   *
   * With `request`, the call is unary: the connection sends this one frame and half-closes, which fits one write, and reports
   * every message without `read`. The owner calls neither `send` nor `halfClose` nor `read`. Without `request`, the owner calls
   * them in any order and number.
   */
  start(path: string, metadata: Metadata, listener: WireListener, request?: Buffer): WireCall;
  /** Closes when the calls under way have ended; `now` ends them, as `sent`. The observer is not called any more. */
  close(now: boolean): void;
}

/**
 * When a connection pings: after `timeMs` without any byte from the peer while calls are under way, or, with
 * `permitWithoutCalls`, also while there are none. If a ping is not answered within `timeoutMs`, the connection and its calls
 * are lost.
 */
export interface KeepaliveTimes {
  /** How long nothing may come from the peer before a ping, in milliseconds. */
  readonly timeMs: number;
  /** How long the answer to a ping may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether it pings while no call is under way, too. */
  readonly permitWithoutCalls: boolean;
}

/** Options of one connection. */
export interface ConnectionOptions {
  /** The TLS options of this connection; those of `tls.load` are already loaded. */
  readonly tls: TlsOptions | undefined;
  /** `undefined` means no pings. */
  readonly keepalive: KeepaliveTimes | undefined;
  /** A larger message ends its call with code 8, as `sent`. */
  readonly maxReceiveBytes: number;
  /**
   * Makes a Buffer of a size, in which a connection may put a message that it reports; its bytes are arbitrary. The memory of a
   * large one is used again for another message once the owner has read it, so that large answers leave less garbage. A connection
   * whose messages come in Buffers of their own does not need it.
   */
  readonly messageBuffer?: (length: number) => Buffer;
}

/** Makes connections. `name` appears in `describe()`. */
export interface Transport {
  /** The name in `describe()`. */
  readonly name: string;
  /** Makes a connection that is not connected yet. Called again for each new attempt. */
  connect(endpoint: Endpoint, options: ConnectionOptions): Connection;
}
