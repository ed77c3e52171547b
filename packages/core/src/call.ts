// Calls as interceptors see them, and the streams that interceptors may wrap.
import type { Clock } from './clock.ts';
import { shared } from './copies.ts';
import type { EtcdError } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Metadata } from './metadata.ts';
import type { Method, RequestOf, ResponseOf } from './methods.ts';
import type { ClientStats } from './stats.ts';

/**
 * The options that every operation takes as its last argument. Plugins add their own by declaration merging:
 * `declare module '@etcdts/core' { interface CallOptions { retry?: RetryOptions | false } }`.
 */
export interface CallOptions {
  /** Ends the call, which then rejects with the signal's own reason. */
  signal?: AbortSignal | undefined;
  /** Deadline of the whole call in milliseconds; `Infinity` for none. Defaults to the client's `requestTimeoutMs`. */
  timeoutMs?: number | undefined;
  /** Fails at once with `NO_LEADER` on a member without a leader (metadata `hasleader`). On by default for watches. */
  requireLeader?: boolean | undefined;
  /**
   * Sends the call only to this endpoint. An endpoint that is not in the client's list keeps its connection while calls or
   * streams use it, and for about 30 s after.
   */
  endpoint?: string | undefined;
  /**
   * Endpoints, as errors and `servedBy` name them, that serve the call only if there is no other. A stream that several
   * watches share avoids the endpoints of the watches that opened it.
   */
  avoid?: readonly string[] | undefined;
  /** Further request metadata. */
  metadata?: Metadata | undefined;
  /**
   * Whether the request or its metadata holds a secret. If the call would then go over plain HTTP to another machine, it fails
   * with `INSECURE_ENDPOINT` before anything is sent. Off by default.
   */
  confidential?: boolean | undefined;
}

/** A typed key of a call's context, by which interceptors pass values to each other. */
export interface ContextKey<T> {
  /** A name for people who debug. Two keys with one name are two keys. */
  readonly name: string;
  /** What `get` returns before a `set`. */
  readonly defaultValue: T;
}

/** The values that interceptors pass to each other during one call, by typed keys. All attempts of the call share them. */
export interface CallContext {
  /** The value of a key, or its default. */
  get<T>(key: ContextKey<T>): T;
  /** Sets the value of a key, for all interceptors and all attempts of the call. */
  set<T>(key: ContextKey<T>, value: T): void;
}

class Values implements CallContext {
  // It is made on first use, because most calls carry nothing.
  #values: Map<ContextKey<unknown>, unknown> | undefined;

  // It has a field of its own, because every call has it and most have nothing else.
  #servedBy: string | undefined;

  get<T>(key: ContextKey<T>): T {
    if (isServedBy(key)) return this.#servedBy as T;
    return this.#values?.has(key) ? (this.#values.get(key) as T) : key.defaultValue;
  }

  set<T>(key: ContextKey<T>, value: T): void {
    if (isServedBy(key)) this.#servedBy = value as string | undefined;
    else (this.#values ??= new Map()).set(key, value);
  }
}

/** Makes the context of one call. */
export const CallContext: new () => CallContext = Values;

/** Makes a context key. Two keys with one name are different keys. */
export function contextKey<T>(name: string, defaultValue: T): ContextKey<T> {
  return { name, defaultValue };
}

/**
 * The errors of a call's attempts that were followed by another one, in order. An interceptor that repeats attempts sets it;
 * interceptors that count or trace them, above or below, read it.
 */
export const failedAttempts: ContextKey<readonly EtcdError[]> = shared('failedAttempts', () =>
  contextKey('failedAttempts', []),
);

/** The ids that a client draws for the lease of one grant. No other client uses them. */
export interface LeaseDraw {
  /** The id drawn last. */
  readonly id: bigint;
  /**
   * Draws another id, for an attempt after one of which the outcome is unknown. A second grant under the same id could be applied
   * after the lease was used and revoked, and bring it back. The client revokes the lease of the earlier id, if there is one.
   */
  again(): bigint;
}

/** The draw behind a grant's id; `undefined` if the application, a wrapper or an interceptor chose the id. */
export const leaseDraw: ContextKey<LeaseDraw | undefined> = shared('leaseDraw', () =>
  contextKey('leaseDraw', undefined),
);

/**
 * The endpoint on which a call or stream was started, as errors name it; `undefined` until it is started. Successful calls
 * have it too. If there were several attempts, it is the endpoint of the last one.
 */
export const servedBy: ContextKey<string | undefined> = shared('servedBy', () => contextKey('servedBy', undefined));

function isServedBy(key: ContextKey<unknown>): boolean {
  return key === servedBy;
}

/**
 * One RPC on its way through the pipeline. An interceptor never changes a call that it received. It passes on
 * `{ ...call, metadata: { ...call.metadata, more } }`.
 */
export interface Call<M extends Method = Method> {
  /** The RPC. */
  readonly method: M;
  /** The request message; `undefined` for a bidirectional stream, whose messages go through `send`. */
  readonly request: RequestOf<M>;
  /** The metadata that goes with the request, as the interceptors above have made it. */
  readonly metadata: Metadata;
  /** The caller's signal. If it aborts, the call rejects with its reason. */
  readonly signal: AbortSignal | undefined;
  /** When the call must have ended, in milliseconds of the client's clock; `Infinity` for never. */
  readonly deadline: number;
  /** The only endpoint that may serve the call; `undefined` for any. */
  readonly endpoint: string | undefined;
  /** Whether the call must go over TLS or stay on this machine; see `CallOptions.confidential`. */
  readonly confidential: boolean;
  /**
   * Endpoints, as errors name them, that serve this call only if there is no other: earlier attempts failed there, or the
   * caller avoids them.
   */
  readonly avoid: readonly string[] | undefined;
  /** The options as the caller gave them, those of plugins included. */
  readonly options: CallOptions;
  /** Values that interceptors pass to each other. */
  readonly context: CallContext;
  /** 1 for the first attempt. An interceptor that calls `next` again raises it. */
  readonly attempt: number;
}

/**
 * Narrows a call to one RPC: `if (isCall(call, methods.put)) call.request.key`. It compares paths, so that the method tables of
 * two copies of this package name the same RPCs.
 */
export function isCall<M extends Method>(call: Call, method: M): call is Call<M> {
  return call.method.path === method.path;
}

/**
 * One stream, of the kind `serverStream` or `bidi`. It may be returned before it is connected; what is sent is kept until then.
 * Read it once, in one way: by an iteration, which requests one message at a time, or by `forEach`, which receives them as they
 * come. An iteration that is left cancels the stream.
 */
export interface ClientStream<Req = unknown, Res = unknown> extends AsyncIterable<Res> {
  /** Sends a message. After `end` or `cancel` it does nothing. */
  send(message: Req): void;
  /** Half-closes the stream: no more messages will be sent. */
  end(): void;
  /** Ends the stream at once, in both directions. The reader gets `reason`, or a normal end if `reason` is `undefined`. */
  cancel(reason?: unknown): void;
  /** Reads to the end. Resolves if the server ended the stream without an error, and rejects with its error otherwise. */
  forEach(onMessage: (message: Res) => void): Promise<void>;
}

/** Passes a unary call on to the next interceptor or to the wire. */
export type UnaryHandler = <M extends Method>(call: Call<M>) => Promise<ResponseOf<M>>;
/** Passes a stream call on to the next interceptor or to the wire. Called once for every attempt to open a stream. */
export type StreamHandler = <M extends Method>(call: Call<M>) => ClientStream<RequestOf<M>, ResponseOf<M>>;

/** The time, random numbers and log of a client, for its interceptors and wrappers. Tests replace them. */
export interface ClientSite {
  /** The clock of `Call.deadline`, and the timers with which an interceptor or wrapper waits. */
  readonly clock: Clock;
  /** Returns a number of at least 0 and less than 1, like `Math.random`. Pauses are drawn with it. */
  readonly random: () => number;
  /** The log of the client. It adds a prefix to every line and never throws. Keys, values and secrets never go there. */
  readonly logger: Logger;
  /** The deadline in milliseconds of a unary call that is given none. */
  readonly requestTimeoutMs: number;
}

/** What an interceptor may use beside the call, in one client: to send RPCs of its own, to wait, or to keep state. */
export interface InterceptorSite extends ClientSite {
  /** One object for all clients over the same connections: the key for an interceptor's state about a cluster. */
  readonly connections: object;
  /** What the client does now. It counts watches and endpoints, so that it is too expensive for each call. */
  stats(): ClientStats;
  /** The number of endpoints that the client has now. Unlike `stats()`, it is cheap enough for each call. */
  endpointCount(): number;
  /** Sends an RPC of the interceptor's own through the interceptors below it, so that it never passes itself. */
  unary<Req, Res>(method: Method<Req, Res>, request: Req, options?: CallOptions): Promise<Res>;
  /**
   * Waits on behalf of a call. It settles as `work` does, unless the call ends first, by its deadline, its signal or the
   * client's close. The work itself goes on.
   */
  wait<T>(call: Pick<Call, 'method' | 'deadline' | 'signal'>, work: Promise<T>): Promise<T>;
}

/**
 * One layer of the pipeline: `name`, and a function around the handler below it for unary calls, for streams, or both. The first
 * interceptor of a client is the outermost, in both directions. These functions are called once per method, when the client is
 * made; return `next` itself for methods that you do not care about. An interceptor of several clients is called once for each,
 * with the `site` of each.
 */
export interface Interceptor {
  /** Unique in a client. */
  readonly name: string;
  /**
   * The names of the call options that the interceptor understands. An operation refuses an option that neither it nor any
   * interceptor or wrapper of its client understands.
   */
  readonly options?: readonly string[] | undefined;
  /** Wraps unary calls. Without it they pass unchanged. */
  unary?(next: UnaryHandler, method: Method, site: InterceptorSite): UnaryHandler;
  /** Wraps streams: watches, keepalives, snapshots, streamed ranges. Without it they pass unchanged. */
  stream?(next: StreamHandler, method: Method, site: InterceptorSite): StreamHandler;
}
