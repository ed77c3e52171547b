// What the unit tests stand on: time and chance in hand, a site, and a handler below that fails as it is told.
import { EtcdError } from '@etcdts/core';
import { CallContext, methods } from '@etcdts/core/plugin';
import type { CallOptions, EtcdErrorInit } from '@etcdts/core';
import type {
  Call,
  ClientStream,
  Clock,
  InterceptorSite,
  Method,
  StreamHandler,
  Timer,
  UnaryHandler,
} from '@etcdts/core/plugin';
import { settle } from '@etcdts/testing';
import { retryInterceptor } from './interceptor.ts';
import type { RetryOptions } from './options.ts';

/** An error of one try, as core would make it. */
export function failure(code: EtcdErrorInit['code'], fields: Partial<EtcdErrorInit> = {}): EtcdError {
  return new EtcdError({
    code,
    message: 'fake',
    outcome: 'not-applied',
    endpoint: 'a:1',
    attempts: 1,
    ...fields,
  });
}

/** A call of a method, with a deadline 10 s ahead. */
export function callOf<M extends Method>(method: M, request: unknown, fields: Partial<Call> = {}): Call<M> {
  return {
    ...{ method, request, metadata: {}, signal: undefined, deadline: 11_000, endpoint: undefined, avoid: undefined },
    ...{ confidential: false, options: {}, context: new CallContext(), attempt: 1 },
    ...fields,
  } as Call<M>;
}

export const get = (fields: Partial<Call> = {}): Call => callOf(methods.range as Method, {}, fields);
export const put = (fields: Partial<Call> = {}): Call => callOf(methods.put as Method, {}, fields);

export { settle };

function unused(): never {
  throw new Error('a retry has no use for it');
}

/** A clock and random numbers that the test sets, a site, and a handler below that fails as the test chooses. */
export class Bench implements Clock {
  time = 1_000;
  chance = 1;
  /** How many the client knows. */
  endpoints = 2;
  /** How long each pause was to be. */
  readonly pauses: number[] = [];
  readonly timers: Set<{ readonly at: number; readonly callback: () => void }> = new Set();
  /** What came through, in order. */
  readonly calls: Call[] = [];
  /** What the interceptor sent of its own. */
  readonly own: { readonly method: Method; readonly request: unknown; readonly options?: CallOptions | undefined }[] =
    [];
  /** How the tries end, one after the other: an EtcdError fails, a function decides, anything else is the answer. */
  script: unknown[] = [];
  ownScript: unknown[] = [];
  readonly #closing: AbortController = new AbortController();
  readonly #options: RetryOptions;

  constructor(options: RetryOptions = {}) {
    this.#options = options;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): Timer {
    const timer = { at: this.time + ms, callback };
    this.pauses.push(ms);
    this.timers.add(timer);
    return { cancel: () => this.timers.delete(timer) };
  }

  afterReading(callback: () => void): void {
    setImmediate(callback);
  }

  close(): void {
    this.#closing.abort(failure('CLIENT_CLOSED', { attempts: 0, endpoint: undefined }));
  }

  readonly site: InterceptorSite = {
    clock: this,
    random: () => this.chance,
    logger: { debug: unused, info: unused, warn: unused, error: unused },
    requestTimeoutMs: 10_000,
    connections: {},
    stats: unused,
    endpointCount: () => this.endpoints,
    unary: (async (method: Method, request: unknown, options?: CallOptions) => {
      this.own.push({ method, request, options });
      return this.#play(this.ownScript.shift());
    }) as InterceptorSite['unary'],
    wait: (call, work) =>
      new Promise((resolve, reject) => {
        work.then(resolve, reject);
        call.signal?.addEventListener('abort', () => reject(call.signal?.reason));
        this.#closing.signal.addEventListener('abort', () => reject(this.#closing.signal.reason));
      }),
  };

  readonly #next: UnaryHandler = (async (call: Call) => {
    this.calls.push(call);
    return this.#play(this.script.shift());
  }) as UnaryHandler;

  #interceptor = (() => {
    let made: ReturnType<typeof retryInterceptor> | undefined;
    return () => (made ??= retryInterceptor(this.#options));
  })();

  /** Sends a call through the interceptor. */
  async send(call: Call): Promise<unknown> {
    return this.#interceptor().unary?.(this.#next, call.method, this.site)(call);
  }

  /** Opens a stream through the interceptor, over `next`. */
  stream(call: Call, next: StreamHandler): ClientStream {
    return (this.#interceptor().stream as NonNullable<ReturnType<typeof retryInterceptor>['stream']>)(
      next,
      call.method,
      this.site,
    )(call);
  }

  /** What the interceptor makes of a stream handler. */
  wrapped(next: StreamHandler, method: Method): StreamHandler | undefined {
    return this.#interceptor().stream?.(next, method, this.site);
  }

  /** Runs until `work` is done, with every pause taking the time it should. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    work.then(
      () => (done = true),
      () => (done = true),
    );
    for (await settle(); !done; await settle()) {
      const [next] = [...this.timers].sort((a, b) => a.at - b.at);
      if (next === undefined) throw new Error('it waits for nothing');
      this.time = Math.max(this.time, next.at);
      this.timers.delete(next);
      next.callback();
    }
    return work;
  }

  #play(step: unknown): unknown {
    if (step instanceof EtcdError) throw step;
    return typeof step === 'function' ? (step as () => unknown)() : step;
  }
}
