import {
  CallContext,
  type Call,
  type CallOptions,
  type ClientStream,
  type Interceptor,
  type InterceptorSite,
  type StreamHandler,
  type UnaryHandler,
} from '../call.ts';
import { invalidArgument } from '../errors.ts';
import type { Metadata } from '../metadata.ts';
import { methods, type Method } from '../methods.ts';
import { StreamCall } from '../wire/stream-call.ts';
import { UnaryCall } from '../wire/unary-call.ts';
import { waitFor } from '../wire/waiting.ts';
import type { WireParts } from '../wire/wire-parts.ts';
import type { Pipeline } from './pipeline.ts';
import { failedStream } from './streams.ts';

const LEADER_KEY = 'hasleader';

/** Metadata of every call (rpctypes/metadatafields.go): etcd counts requests by it. */
const BASE: Metadata = Object.freeze({ 'client-api-version': '3.7' });
const BASE_WITH_LEADER: Metadata = Object.freeze({ ...BASE, [LEADER_KEY]: 'true' });

/** Folds the interceptors around the wire, once per method: the first is the outermost. */
export function foldPipeline(interceptors: readonly Interceptor[], parts: WireParts): Pipeline {
  checkNames(interceptors);
  const sendUnary: UnaryHandler = (call) =>
    new Promise((resolve, reject) => new UnaryCall(call, parts, resolve as (r: unknown) => void, reject).begin());
  const openStream = ((call: Call) => new StreamCall(call, parts)) as StreamHandler;

  const callOf = <Req, Res>(
    method: Method<Req, Res>,
    request: Req,
    options: CallOptions,
    timeoutMs: number,
    context: CallContext = new CallContext(),
  ): Call<Method<Req, Res>> => ({
    method,
    request,
    metadata: metadataOf(options),
    signal: options.signal,
    deadline: timeoutMs === Infinity ? Infinity : parts.clock.now() + timeoutMs,
    endpoint: options.endpoint,
    confidential: options.confidential === true,
    avoid: undefined,
    options,
    context,
    attempt: 1,
  });

  const unaryThrough =
    (handlers: ReadonlyMap<Method, UnaryHandler>): Pipeline['unary'] =>
    <Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions, context?: CallContext): Promise<Res> => {
      try {
        const call = callOf(method, request, options, timeoutOf(options, parts.requestTimeoutMs), context);
        return (handlers.get(method as Method) as UnaryHandler)(call as Call) as Promise<Res>;
      } catch (error) {
        return Promise.reject(error);
      }
    };

  const all = Object.values(methods) as Method[];
  let unary = new Map(all.filter(({ kind }) => kind === 'unary').map((method) => [method, sendUnary]));
  let stream = new Map(all.filter(({ kind }) => kind !== 'unary').map((method) => [method, openStream]));
  for (const one of interceptors.toReversed()) {
    const below = unaryThrough(unary);
    const site: InterceptorSite = {
      connections: parts.connections,
      stats: parts.stats,
      unary: (method, request, options = {}) => below(method, request, options),
      wait: (call, work) => waitFor(call, parts, work),
    };
    unary = new Map([...unary].map(([method, next]) => [method, one.unary?.(next, method, site) ?? next]));
    stream = new Map([...stream].map(([method, next]) => [method, one.stream?.(next, method, site) ?? next]));
  }

  return {
    unary: unaryThrough(unary),
    stream<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions): ClientStream<Req, Res> {
      try {
        const call = callOf(method, request, options, timeoutOf(options, Infinity));
        return (stream.get(method as Method) as StreamHandler)(call as Call) as ClientStream<Req, Res>;
      } catch (error) {
        return failedStream(error);
      }
    },
  };
}

function metadataOf(options: CallOptions): Metadata {
  const base = options.requireLeader === true ? BASE_WITH_LEADER : BASE;
  return options.metadata === undefined ? base : { ...options.metadata, ...base };
}

function timeoutOf(options: CallOptions, standard: number): number {
  const { timeoutMs } = options;
  if (timeoutMs === undefined) return standard;
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) {
    throw invalidArgument('timeoutMs', `must be a number of milliseconds, 0 or more, not ${String(timeoutMs)}`);
  }
  return timeoutMs;
}

function checkNames(interceptors: readonly Interceptor[]): void {
  const names = new Set<string>();
  for (const { name } of interceptors) {
    if (typeof name !== 'string' || name === '') throw invalidArgument('interceptors', 'hold one without a name');
    if (names.has(name))
      throw invalidArgument('interceptors', `hold two named ${JSON.stringify(name)}; names are unique in a client`);
    names.add(name);
  }
}
