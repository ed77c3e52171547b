// What the unit tests of watches stand on: a clock moved by hand, and streams whose server side is spoken by hand.
import { FakeClock, settle } from '@etcdts/testing';
import type { CallOptions, ClientStream } from '../call.ts';
import { EtcdError } from '../errors.ts';
import type { EtcdErrorCode } from '../error-codes.ts';
import { silentLogger } from '../logger.ts';
import type {
  RangeRequest,
  ResponseHeader,
  WatchCreateRequest,
  WatchEvent,
  WatchRequest,
  WatchResponseMessage,
} from '../messages.ts';
import type { Method } from '../methods.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { WatchLimits } from './buffers.ts';
import { WatchHub } from './hub.ts';
import type { WatchResponse, WatchServiceOptions, WatchStream } from './service.ts';
import { EVENT_BYTES } from './subscription.ts';

export { FakeClock, settle };

/** A header at a revision. */
export function header(revision: number, clusterId = 7n): ResponseHeader {
  return { clusterId, memberId: 2n, revision: BigInt(revision), raftTerm: 4n };
}

/** A put of the key `k` at a revision, with the value if one is given. */
export function event(revision: number, key = 'k'): WatchEvent {
  const kv = { key: Buffer.from(key), modRevision: BigInt(revision), createRevision: 1n, version: 1, lease: 0n };
  return { type: 'put', kv, isCreate: false, isModify: true } as unknown as WatchEvent;
}

export type Fields = Partial<WatchResponseMessage> & { readonly rev?: number };

/** One stream: `sent` is what the client said; the methods are what the server says. */
export class FakeStream implements ClientStream<WatchRequest, WatchResponseMessage> {
  readonly options: CallOptions;
  readonly sent: WatchRequest[] = [];
  state: 'open' | 'cancelled' | 'ended' | 'failed' = 'open';
  #onMessage: ((message: WatchResponseMessage) => void) | undefined;
  #settle: { resolve(): void; reject(reason: unknown): void } | undefined;
  #early: (() => void)[] = [];

  constructor(options: CallOptions) {
    this.options = options;
  }

  /** The create requests, in order. */
  get creates(): readonly WatchCreateRequest[] {
    return this.sent.flatMap((message) => (message.type === 'create' ? [message.request] : []));
  }

  /** The ids of the cancel requests, in order. */
  get cancels(): readonly number[] {
    return this.sent.flatMap((message) => (message.type === 'cancel' ? [message.watchId] : []));
  }

  send(message: WatchRequest): void {
    if (this.state === 'open') this.sent.push(message);
  }

  end(): void {}

  cancel(): void {
    if (this.state !== 'open') return;
    this.state = 'cancelled';
    this.#settle?.resolve();
  }

  forEach(onMessage: (message: WatchResponseMessage) => void): Promise<void> {
    this.#onMessage = onMessage;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      for (const act of this.#early) act();
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchResponseMessage> {
    throw new Error('the hub takes messages as they come');
  }

  /** Any message; what is not given is the proto's default. */
  say({ rev = 100, ...fields }: Fields): void {
    const message = {
      header: header(rev),
      watchId: 0,
      created: false,
      canceled: false,
      compactRevision: 0n,
      cancelReason: '',
      fragment: false,
      events: [],
      byteLength: 100,
      ...fields,
    };
    // Also after a cancel: an interceptor may be late in passing it on.
    this.#onMessage?.(message);
  }

  created(watchId: number, rev = 100): void {
    this.say({ created: true, watchId, rev });
  }

  refused(cancelReason: string): void {
    this.say({ created: true, canceled: true, watchId: -1, cancelReason });
  }

  /** Events at these revisions, in one message. `takes` is what a watch counts for it, with its events. */
  events(watchId: number, revisions: readonly number[], { takes, ...fields }: Fields & { takes?: number } = {}): void {
    const events = revisions.map((revision) => event(revision));
    const bytes = takes === undefined ? {} : { byteLength: takes - revisions.length * EVENT_BYTES };
    this.say({ watchId, events, rev: 1_000, ...bytes, ...fields });
  }

  progress(watchId: number, rev: number): void {
    this.say({ watchId, rev });
  }

  /** The server ends the stream well. */
  finish(): void {
    this.state = 'ended';
    this.#settle?.resolve();
  }

  fail(reason: unknown): void {
    this.state = 'failed';
    if (this.#settle === undefined) this.#early.push(() => this.#settle?.reject(reason));
    else this.#settle.reject(reason);
  }
}

/** An EtcdError as the transport makes it. */
export function failure(code: EtcdErrorCode, message = 'said by the test'): EtcdError {
  return new EtcdError({ code, message, outcome: 'not-applied' });
}

export const UNAVAILABLE: EtcdError = failure('UNAVAILABLE');

/** The defaults of a client. */
const LIMITS: WatchLimits = {
  watchBufferBytes: 64 * 1024 * 1024,
  maxReceiveBytes: 2 ** 31 - 1,
  maxSendBytes: 2 * 1024 * 1024,
};

/** A hub whose network is this object. */
export class FakeEtcd implements Pipeline {
  readonly clock: FakeClock = new FakeClock();
  readonly streams: FakeStream[] = [];
  readonly ranges: { readonly request: RangeRequest; readonly options: CallOptions }[] = [];
  readonly log: string[] = [];
  /** The answer to unary ranges: the store's revision. */
  revision: () => Promise<number> = () => Promise.resolve(1_000);
  /** Streams that are opened fail at once with this. */
  down: unknown;
  jitter = 1;
  readonly hub: WatchHub;

  constructor(limits: Partial<WatchLimits> = {}) {
    const say = (text: string): void => void this.log.push(text);
    const logger = { ...silentLogger, info: say, warn: say };
    const parts = { pipeline: this, clock: this.clock, random: () => this.jitter, logger };
    this.hub = new WatchHub(parts, { ...LIMITS, ...limits });
  }

  async unary<Req, Res>(_method: Method<Req, Res>, request: Req, options: CallOptions): Promise<Res> {
    this.ranges.push({ request: request as RangeRequest, options });
    return { header: header(await this.revision()) } as Res;
  }

  stream<Req, Res>(_method: Method<Req, Res>, _request: Req, options: CallOptions): ClientStream<Req, Res> {
    const stream = new FakeStream(options);
    this.streams.push(stream);
    if (this.down !== undefined) stream.fail(this.down);
    return stream as unknown as ClientStream<Req, Res>;
  }

  /** The newest stream. */
  get current(): FakeStream {
    return this.streams[this.streams.length - 1] as FakeStream;
  }

  watch(request: Partial<WatchCreateRequest> = {}, options: WatchServiceOptions = {}): Reading {
    return new Reading(this.hub.watch({ key: Buffer.from('k'), ...request }, options));
  }

  /** A watch that is registered at a revision. */
  async live(
    rev = 100,
    request: Partial<WatchCreateRequest> = {},
    options: WatchServiceOptions = {},
  ): Promise<Reading> {
    const reading = this.watch(request, options);
    const last = this.current.creates.length;
    this.current.created(last, rev);
    await settle();
    return reading;
  }

  /** Loses the newest stream and waits for the next one. */
  async lose(reason: unknown = UNAVAILABLE): Promise<FakeStream> {
    this.current.fail(reason);
    await this.clock.advance(2_000);
    return this.current;
  }
}

/** A watch and everything that it delivers, read as fast as it comes. */
export class Reading {
  readonly watch: WatchStream;
  readonly responses: WatchResponse[] = [];
  state: 'open' | 'done' | 'failed' = 'open';
  error: unknown;
  #started = false;

  constructor(watch: WatchStream) {
    this.watch = watch;
  }

  /** Reads to the end, in the background. */
  read(): this {
    if (this.#started) return this;
    this.#started = true;
    void this.#run();
    return this;
  }

  /** The revisions of the events so far, one array a response. */
  get revisions(): readonly (readonly number[])[] {
    return this.responses
      .filter(({ events }) => events.length > 0)
      .map(({ events }) => events.map(({ kv }) => Number(kv.modRevision)));
  }

  async #run(): Promise<void> {
    try {
      for await (const response of this.watch) this.responses.push(response);
      this.state = 'done';
    } catch (error) {
      this.state = 'failed';
      this.error = error;
    }
  }
}
