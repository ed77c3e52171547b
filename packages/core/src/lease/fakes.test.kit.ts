// What the unit tests of leases stand on: a clock moved by hand and streams answered by hand.
import { FakeClock, settle } from '@etcdts/testing';
import { CallContext, type CallOptions, type ClientStream } from '../call.ts';
import { EtcdError } from '../errors.ts';
import type { EtcdErrorCode } from '../error-codes.ts';
import type { Logger } from '../logger.ts';
import type { LeaseKeepAliveRequest, LeaseKeepAliveResponse, ResponseHeader } from '../messages.ts';
import type { Method } from '../methods.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { LeaseRpc } from './rpc.ts';

export const header: ResponseHeader = { clusterId: 1n, memberId: 2n, revision: 3n, raftTerm: 4n };

export { FakeClock, settle };

export class FakeStream implements ClientStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse> {
  readonly options: CallOptions;
  readonly sent: { readonly id: bigint; readonly at: number }[] = [];
  state: 'open' | 'cancelled' | 'ended' | 'failed' = 'open';
  halfClosed = false;
  onEnd: () => void = () => {};
  readonly #clock: FakeClock;
  #onMessage: (message: LeaseKeepAliveResponse) => void = () => {};
  #settle: { resolve(): void; reject(reason: unknown): void } | undefined;
  #reason: unknown;

  constructor(clock: FakeClock, options: CallOptions) {
    this.#clock = clock;
    this.options = options;
  }

  send(message: LeaseKeepAliveRequest): void {
    if (this.state === 'open') this.sent.push({ id: message.id, at: this.#clock.time });
  }

  end(): void {
    this.halfClosed = true;
    this.onEnd();
  }

  cancel(reason?: unknown): void {
    this.#close('cancelled', reason);
  }

  forEach(onMessage: (message: LeaseKeepAliveResponse) => void): Promise<void> {
    this.#onMessage = onMessage;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      if (this.state !== 'open') this.#tell();
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<LeaseKeepAliveResponse> {
    throw new Error('leases read by forEach');
  }

  /** The server answers for a lease. */
  answer(id: bigint, ttl: number): void {
    if (this.state === 'open') this.#onMessage({ header, id, ttl });
  }

  /** The server ends the stream well. */
  finish(): void {
    this.#close('ended', undefined);
  }

  /** The stream fails, as from etcd or from the network. */
  fail(code: EtcdErrorCode): Promise<void> {
    this.#close('failed', new EtcdError({ code, message: 'said by the test', outcome: 'not-applied' }));
    return settle();
  }

  /** The ids that were asked for, in order. */
  get asked(): bigint[] {
    return this.sent.map(({ id }) => id);
  }

  #close(state: 'cancelled' | 'ended' | 'failed', reason: unknown): void {
    if (this.state !== 'open') return;
    this.state = state;
    this.#reason = reason;
    this.#tell();
  }

  #tell(): void {
    if (this.#reason === undefined) this.#settle?.resolve();
    else this.#settle?.reject(this.#reason);
  }
}

/** A unary call that came to the bench. */
export interface BenchCall {
  readonly name: string;
  readonly request: unknown;
  readonly options: CallOptions;
  readonly context: CallContext;
}

/** A lease service over fakes: `streams` are those that it opened, `calls` the unary ones; `reply` answers them. */
export class Bench implements Pipeline, Logger {
  readonly clock: FakeClock = new FakeClock();
  readonly streams: FakeStream[] = [];
  readonly calls: BenchCall[] = [];
  readonly warnings: string[] = [];
  onStream: (stream: FakeStream) => void = () => {};
  reply: (request: never, call: BenchCall) => unknown = (_, { name }) =>
    name === 'LeaseTimeToLive' ? { header, ttl: -1 } : { header };
  random = 1;
  readonly service: LeaseRpc;

  constructor() {
    const { clock } = this;
    const random = (): number => this.random;
    let ids = 100n;
    const randomId = (): bigint => ++ids;
    this.service = new LeaseRpc({ pipeline: this, logger: this, clock, random, randomId, requestTimeoutMs: 10_000 });
  }

  unary<Req, Res>(
    { name }: Method<Req, Res>,
    request: Req,
    options: CallOptions,
    context: CallContext = new CallContext(),
  ): Promise<Res> {
    const call = { name, request, options, context };
    this.calls.push(call);
    return Promise.resolve().then(() => this.reply(request as never, call) as Res);
  }

  stream<Req, Res>(_method: Method<Req, Res>, _request: Req, options: CallOptions): ClientStream<Req, Res> {
    const stream = new FakeStream(this.clock, options);
    this.streams.push(stream);
    queueMicrotask(() => this.onStream(stream));
    return stream as never;
  }

  /** The stream opened last. */
  get latest(): FakeStream {
    return this.streams.at(-1) as FakeStream;
  }

  debug(): void {}
  info(): void {}
  error(): void {}
  warn(message: string): void {
    this.warnings.push(message);
  }
}
