import {
  failedAttempts,
  methods,
  tapStream,
  type Call,
  type Clock,
  type Method,
  type MethodKind,
  type StreamHandler,
  type UnaryHandler,
} from '@etcdts/core/plugin';
import type { Counter, Histogram } from 'prom-client';
import { CANCELED, GO_CODES, OK, codeOf } from './go-codes.ts';
import type { Instruments, Labels } from './instruments.ts';
import { RoundTrips } from './round-trips.ts';

/** go-grpc-prometheus' names. */
const TYPES: Record<MethodKind, string> = { unary: 'unary', serverStream: 'server_stream', bidi: 'bidi_stream' };

/** The counts of one method's RPCs since the last report. */
export class RpcCounts {
  readonly method: Method;
  started = 0;
  sent = 0;
  received = 0;
  /** The numbers of ended RPCs, by code. */
  readonly handled: number[] = GO_CODES.map(() => 0);
  readonly seconds: Histogram.Internal<string> | undefined;
  readonly keepalive: Histogram.Internal<string>;
  /** Called before each count, because the last report may have removed the source. */
  readonly changed: () => void;
  readonly #retries: Counter;
  readonly #constant: Labels;
  readonly #labels: Labels;

  constructor(
    method: Method,
    constant: Labels,
    instruments: Instruments,
    handling: Histogram | undefined,
    changed: () => void,
  ) {
    this.method = method;
    this.changed = changed;
    this.#constant = constant;
    this.#labels = {
      grpc_type: TYPES[method.kind],
      grpc_service: method.service,
      grpc_method: method.name,
      ...constant,
    };
    this.#retries = instruments.retries;
    this.seconds = handling?.labels(this.#labels);
    this.keepalive = instruments.keepalive.labels(constant);
  }

  retried(reason: string): void {
    const { service, name } = this.method;
    this.#retries.inc({ grpc_service: service, grpc_method: name, reason, ...this.#constant });
  }

  report({ started, sent, received, handled }: Instruments): void {
    if (this.started > 0) started.inc(this.#labels, this.started);
    if (this.sent > 0) sent.inc(this.#labels, this.sent);
    if (this.received > 0) received.inc(this.#labels, this.received);
    this.handled.forEach((count, code) => {
      if (count > 0) handled.inc({ ...this.#labels, grpc_code: GO_CODES[code] as string }, count);
    });
    this.started = this.sent = this.received = 0;
    this.handled.fill(0);
  }
}

/** One RPC between its start and its end. */
class Counted {
  readonly #counts: RpcCounts;
  readonly #call: Call;
  readonly #known: number;
  readonly #clock: Clock;
  readonly #startedAt: number;

  constructor(counts: RpcCounts, call: Call, clock: Clock) {
    this.#counts = counts;
    this.#call = call;
    this.#clock = clock;
    this.#startedAt = counts.seconds === undefined ? 0 : clock.now();
    counts.changed();
    counts.started++;
    const failed = call.context.get(failedAttempts);
    this.#known = failed.length;
    if (call.attempt > 1) counts.retried(failed.at(-1)?.code ?? 'UNKNOWN');
  }

  failed(reason: unknown): void {
    this.ended(codeOf(reason, this.#call.signal));
  }

  ended(code: number): void {
    this.#counts.changed();
    this.#counts.handled[code]!++;
    this.#counts.seconds?.observe((this.#clock.now() - this.#startedAt) / 1_000);
    // These attempts were made below this interceptor, for which they are one call.
    const failed = this.#call.context.get(failedAttempts);
    for (let i = this.#known; i < failed.length; i++) this.#counts.retried(failed[i]!.code);
  }
}

/** Counts the calls of a unary method. */
export function countUnary(next: UnaryHandler, counts: RpcCounts, clock: Clock): UnaryHandler {
  return (call) => {
    const counted = new Counted(counts, call as Call, clock);
    counts.sent++;
    try {
      return next(call).then(
        (response) => {
          counts.received++;
          counted.ended(OK);
          return response;
        },
        (reason: unknown) => {
          counted.failed(reason);
          throw reason;
        },
      );
    } catch (error) {
      counted.failed(error);
      throw error;
    }
  };
}

/** Counts the attempts to open streams of a method, and their messages. */
export function countStream(next: StreamHandler, counts: RpcCounts, clock: Clock): StreamHandler {
  const keepsAlive = counts.method.path === methods.leaseKeepAlive.path;
  return (call) => {
    const counted = new Counted(counts, call as Call, clock);
    const trips = keepsAlive ? new RoundTrips(counts.keepalive, clock) : undefined;
    // The one message of a server stream goes with the call.
    if (call.method.kind === 'serverStream') counts.sent++;
    try {
      return tapStream(next(call), {
        sent(message) {
          counts.sent++;
          trips?.sent((message as { readonly id: bigint }).id);
        },
        received(message) {
          counts.received++;
          trips?.answered((message as { readonly id: bigint }).id);
        },
        ended(reason, cancelled) {
          if (cancelled) counted.ended(CANCELED);
          else if (reason === undefined) counted.ended(OK);
          else counted.failed(reason);
        },
      });
    } catch (error) {
      counted.failed(error);
      throw error;
    }
  };
}
