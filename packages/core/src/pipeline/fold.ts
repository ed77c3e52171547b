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
import { checkAvoid } from '../call-options.ts';
import { invalidArgument } from '../errors.ts';
import { checkTimeout } from '../known-options.ts';
import type { Metadata } from '../metadata.ts';
import type { Method } from '../methods.ts';
import { StreamCall } from '../wire/stream-call.ts';
import { UnaryCall } from '../wire/unary-call.ts';
import { waitFor } from '../wire/waiting.ts';
import type { WireParts } from '../wire/wire-parts.ts';
import { ForeignStream, givingStreams } from './foreign-stream.ts';
import { Level } from './level.ts';
import type { Pipeline } from './pipeline.ts';
import { failedStream } from './streams.ts';

const LEADER_KEY = 'hasleader';

/** The metadata of every call (rpctypes/metadatafields.go). etcd counts requests by it. */
const BASE: Metadata = Object.freeze({ 'client-api-version': '3.7' });
const BASE_WITH_LEADER: Metadata = Object.freeze({ ...BASE, [LEADER_KEY]: 'true' });

/** Folds the interceptors around the wire, once per method. The first is the outermost. */
export function foldPipeline(interceptors: readonly Interceptor[], parts: WireParts): Pipeline {
  checkInterceptors(interceptors);
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
    avoid: avoidOf(options),
    options,
    context,
    attempt: 1,
  });

  const unaryThrough =
    (level: Level<UnaryHandler>): Pipeline['unary'] =>
    <Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions, context?: CallContext): Promise<Res> => {
      try {
        let known = method as Method;
        let handler = level.inTable(known);
        if (handler === undefined) handler = level.of((known = level.known(method)));
        const call = callOf(known, request, options, timeoutOf(options, parts.requestTimeoutMs), context);
        return handler(call) as Promise<Res>;
      } catch (error) {
        return Promise.reject(error);
      }
    };

  let unary = new Level<UnaryHandler>(true, () => sendUnary);
  let stream = new Level<StreamHandler>(false, () => openStream);
  for (const one of interceptors.toReversed()) {
    const below = unaryThrough(unary);
    const site: InterceptorSite = {
      clock: parts.clock,
      random: parts.random,
      logger: parts.logger,
      requestTimeoutMs: parts.requestTimeoutMs,
      connections: parts.connections,
      stats: parts.stats,
      endpointCount: () => parts.picker.slots.length,
      unary: (method, request, options = {}) => below(method, request, options),
      wait: (call, work) => waitFor(call, parts, work),
    };
    const [nextUnary, nextStream] = [unary, stream];
    unary = new Level(true, (method) => {
      const next = nextUnary.of(method);
      return one.unary?.(next, method, site) ?? next;
    });
    stream = new Level(false, (method) => {
      const next = nextStream.of(method);
      const handler = one.stream?.(next, method, site) ?? next;
      return handler === next ? next : givingStreams(handler, one.name);
    });
  }

  return {
    unary: unaryThrough(unary),
    stream<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions): ClientStream<Req, Res> {
      try {
        const known = stream.inTable(method as Method) === undefined ? stream.known(method) : (method as Method);
        const call = callOf(known, request, options, timeoutOf(options, Infinity));
        const opened = stream.of(known)(call) as ClientStream<Req, Res>;
        return opened instanceof StreamCall ? opened : new ForeignStream(opened);
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

function avoidOf({ avoid }: CallOptions): readonly string[] | undefined {
  if (avoid !== undefined) checkAvoid(avoid, 'avoid');
  return avoid;
}

function timeoutOf(options: CallOptions, standard: number): number {
  const { timeoutMs } = options;
  if (timeoutMs === undefined) return standard;
  checkTimeout(timeoutMs, 'timeoutMs');
  return timeoutMs;
}

function checkInterceptors(interceptors: readonly Interceptor[]): void {
  const names = new Set<string>();
  for (const { name, unary, stream } of interceptors) {
    if (typeof name !== 'string' || name === '') throw invalidArgument('interceptors', 'hold one without a name');
    if (names.has(name))
      throw invalidArgument('interceptors', `hold two named ${JSON.stringify(name)}; names are unique in a client`);
    if (typeof (unary ?? stream) !== 'function')
      throw invalidArgument(
        'interceptors',
        `hold ${JSON.stringify(name)}, which has neither a function unary nor stream`,
      );
    names.add(name);
  }
}
