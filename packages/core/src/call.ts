// A call as interceptors see it, and the streams that they may wrap.
import type { Clock } from './clock.ts';
import type { EtcdError } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Metadata } from './metadata.ts';
import type { Method, RequestOf, ResponseOf } from './methods.ts';
import type { ClientStats } from './stats.ts';

/**
 * What every operation takes as its last argument. Plugins add their own by declaration merging:
 * `declare module '@etcdts/core' { interface CallOptions { retry?: RetryOptions | false } }`.
 */
export interface CallOptions {
  /** Ends the call: it rejects with the signal's own reason. */
  signal?: AbortSignal | undefined;
  /** Deadline of the whole call in milliseconds; `Infinity` for none. Defaults to the client's `requestTimeoutMs`. */
  timeoutMs?: number | undefined;
  /** Fails at once with `NO_LEADER` on a member without a leader (metadata `hasleader`). On by default for watches. */
  requireLeader?: boolean | undefined;
  /**
   * Sends the call to this endpoint, and to no other. One that is not among the client's endpoints keeps its connection while
   * calls or streams use it, and for about 30 s after.
   */
  endpoint?: string | undefined;
  /**
   * Endpoints, as errors and `servedBy` name them, that serve the call only if there is no other. A stream that several
   * watches share avoids what those that opened it avoid.
   */
  avoid?: readonly string[] | undefined;
  /** Further request metadata. */
  metadata?: Metadata | undefined;
  /**
   * The request or its metadata holds a secret: the call fails with `INSECURE_ENDPOINT` before anything of it is sent
   * where it would go over plain HTTP to another machine. Off by default.
   */
  confidential?: boolean | undefined;
}

/** A typed key of a call's context: how interceptors hand things to each other. */
export interface ContextKey<T> {
  readonly name: string;
  readonly defaultValue: T;
}

/** What interceptors hand each other for the time of one call, by typed keys; shared by all attempts of the call. */
export class CallContext {
  // Made on first use: most calls carry nothing.
  #values: Map<ContextKey<unknown>, unknown> | undefined;

  // A field of its own: every call has it, and most have nothing else.
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

/** Makes a context key; two keys of one name are still two keys. */
export function contextKey<T>(name: string, defaultValue: T): ContextKey<T> {
  return { name, defaultValue };
}

/**
 * The errors of a call's attempts that were followed by another one, in order. Kept by whoever repeats attempts; for those
 * who count or trace them, inside of it or outside.
 */
export const failedAttempts: ContextKey<readonly EtcdError[]> = contextKey('failedAttempts', []);

/** The ids that a client draws for the lease of one grant; nobody else uses them. */
export interface LeaseDraw {
  /** The id drawn last. */
  readonly id: bigint;
  /**
   * Draws another id, for a try after one of which the outcome is unknown. A second grant under the same id could be applied
   * after the lease was used and revoked, and bring it back. The client revokes the lease of the id before, if there is one.
   */
  again(): bigint;
}

/** The draw behind a grant's id; `undefined` if the application, a wrapper or an interceptor chose the id. */
export const leaseDraw: ContextKey<LeaseDraw | undefined> = contextKey('leaseDraw', undefined);

/**
 * The endpoint that a call or stream was started on, as errors name it; `undefined` until it has one. Also of calls that
 * went well. If a call is tried several times: of the last try.
 */
export const servedBy: ContextKey<string | undefined> = contextKey('servedBy', undefined);

function isServedBy(key: ContextKey<unknown>): boolean {
  return key === servedBy;
}

/**
 * One RPC on its way through the pipeline. An interceptor never changes a call it received: it passes on
 * `{ ...call, metadata: { ...call.metadata, more } }`.
 */
export interface Call<M extends Method = Method> {
  readonly method: M;
  /** The request message; `undefined` for a bidirectional stream, whose messages go through `send`. */
  readonly request: RequestOf<M>;
  readonly metadata: Metadata;
  readonly signal: AbortSignal | undefined;
  /** When the call must have ended, on `performance.now()`'s clock; `Infinity` for never. */
  readonly deadline: number;
  readonly endpoint: string | undefined;
  /** Goes over TLS, or to this machine, or not at all; see `CallOptions.confidential`. */
  readonly confidential: boolean;
  /** Endpoints, as errors name them, that serve this call only if there is no other: earlier attempts failed there, or the caller avoids them. */
  readonly avoid: readonly string[] | undefined;
  readonly options: CallOptions;
  readonly context: CallContext;
  /** 1 for the first; an interceptor that calls `next` again raises it. */
  readonly attempt: number;
}

/**
 * Narrows a call to one RPC: `if (isCall(call, methods.put)) call.request.key`. An RPC is known by its path, so that the
 * method tables of two copies of this package name the same RPCs.
 */
export function isCall<M extends Method>(call: Call, method: M): call is Call<M> {
  return call.method.path === method.path;
}

/**
 * One stream, of the kind `serverStream` or `bidi`. It may be handed out before it is connected: what is sent is kept
 * until then. Read it one way, once: by iterating (which asks for one message at a time) or by `forEach` (which takes
 * them as they come). Leaving an iteration cancels the stream.
 */
export interface ClientStream<Req = unknown, Res = unknown> extends AsyncIterable<Res> {
  /** Sends a message; after `end` or `cancel` it does nothing. */
  send(message: Req): void;
  /** Half-closes: no more messages will be sent. */
  end(): void;
  /** Ends the stream at once, in both directions; reading ends with `reason`, or with nothing more where there is none. */
  cancel(reason?: unknown): void;
  /** Reads to the end; resolves when the server ended the stream well, rejects with its error otherwise. */
  forEach(onMessage: (message: Res) => void): Promise<void>;
}

/** Carries a unary call on: to the next interceptor, or to the wire. */
export type UnaryHandler = <M extends Method>(call: Call<M>) => Promise<ResponseOf<M>>;
/** Carries a stream call on: to the next interceptor, or to the wire. Called once for every attempt to open a stream. */
export type StreamHandler = <M extends Method>(call: Call<M>) => ClientStream<RequestOf<M>, ResponseOf<M>>;

/** What a client gives its interceptors and wrappers of its own: time, chance and the log. Tests replace them. */
export interface ClientSite {
  /** The clock of `Call.deadline`, and the timers: what an interceptor or wrapper waits with. */
  readonly clock: Clock;
  /** A number from 0 up to, and without, 1, as `Math.random`: what pauses are drawn with. */
  readonly random: () => number;
  /** The log of the client; what goes there is prefixed and never fails. Keys, values and secrets never go there. */
  readonly logger: Logger;
}

/** Where an interceptor stands in one client: for those that send RPCs of their own, wait, or keep something. */
export interface InterceptorSite extends ClientSite {
  /** One object for all clients over the same connections: the key for what an interceptor keeps of a cluster. */
  readonly connections: object;
  /** What the client is doing now. Counts its watches and endpoints: for now and then, not for each call. */
  stats(): ClientStats;
  /** The number of endpoints that the client knows now. Cheap enough for each call, unlike `stats()`. */
  endpointCount(): number;
  /** Sends an RPC of the interceptor's own through what is below it, so that it never meets itself. */
  unary<Req, Res>(method: Method<Req, Res>, request: Req, options?: CallOptions): Promise<Res>;
  /**
   * Waits on behalf of a call: settles as `work` does, unless the call ends first, by its deadline, its signal or the
   * client's close. The work itself goes on.
   */
  wait<T>(call: Pick<Call, 'method' | 'deadline' | 'signal'>, work: Promise<T>): Promise<T>;
}

/**
 * One layer of the pipeline: `name`, and a wrapper around the handler below it for unary calls, for streams, or both.
 * The first interceptor of a client is the outermost, in both directions. Wrappers are built once per method, when the
 * client is made; return `next` itself for methods that you do not care about. An interceptor of several clients is asked
 * once for each, with a `site` for each.
 */
export interface Interceptor {
  /** Unique in a client. */
  readonly name: string;
  /**
   * The names of the call options that it understands. An operation refuses an option that neither itself nor any
   * interceptor or wrapper of its client understands.
   */
  readonly options?: readonly string[] | undefined;
  unary?(next: UnaryHandler, method: Method, site: InterceptorSite): UnaryHandler;
  stream?(next: StreamHandler, method: Method, site: InterceptorSite): StreamHandler;
}
