// A transport whose server side is spoken by hand.
import { FakeClock } from '@etcdts/testing';
import { FRAME_PREFIX } from '../frame.ts';
import { silentLogger } from '../logger.ts';
import type { Metadata } from '../metadata.ts';
import { parseEndpoints, type Endpoint } from './endpoints.ts';
import { Picker } from './picker.ts';
import type { SlotParts } from './slot.ts';
import type {
  Connection,
  ConnectionObserver,
  ConnectionOptions,
  Reach,
  TlsOptions,
  Transport,
  WireCall,
  WireListener,
} from './transport.ts';

export class FakeCall implements WireCall {
  readonly path: string;
  readonly metadata: Metadata;
  readonly listener: WireListener;
  /** Whether it was started with its request. */
  readonly whole: boolean;
  readonly sent: Buffer[] = [];
  halfClosed = 0;
  reads = 0;
  cancelled = false;
  ended = false;
  unsent: string | undefined;

  constructor(path: string, metadata: Metadata, listener: WireListener, request?: Buffer) {
    this.path = path;
    this.metadata = metadata;
    this.listener = listener;
    this.whole = request !== undefined;
    if (request === undefined) return;
    this.send(request);
    this.halfClosed = 1;
    this.reads = Infinity;
  }

  send(frame: Buffer): void {
    if (this.cancelled) throw new Error('sent after cancel');
    this.sent.push(frame.subarray(FRAME_PREFIX));
  }

  halfClose(): void {
    this.halfClosed++;
  }

  read(): void {
    this.reads++;
  }

  cancel(): void {
    if (!this.ended) this.cancelled = true;
  }

  /** The server sends a message; only if one was requested. */
  message(bytes: Uint8Array): void {
    if (this.cancelled || this.ended) throw new Error('the call is over');
    if (this.reads-- === 0) throw new Error('nobody asked for a message');
    this.listener.onMessage(Buffer.from(bytes));
  }

  end(code = 0, details = '', reach: Reach = 'sent'): void {
    if (this.cancelled) throw new Error('the call was cancelled');
    this.ended = true;
    this.listener.onEnd({ code, details, reach });
  }

  /** A message and a good status. */
  reply(bytes: Uint8Array): void {
    this.message(bytes);
    this.end();
  }
}

export class FakeConnection implements Connection {
  readonly endpoint: Endpoint;
  readonly calls: FakeCall[] = [];
  state: 'new' | 'connecting' | 'ready' | 'lost' | 'draining' | 'closed' = 'new';
  /** Thrown by `start`. */
  refusal: Error | undefined;
  #observer: ConnectionObserver | undefined;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  connect(observer: ConnectionObserver): void {
    this.state = 'connecting';
    this.#observer = observer;
  }

  start(path: string, metadata: Metadata, listener: WireListener, request?: Buffer): WireCall {
    if (this.state !== 'ready') throw new Error(`a call was started on a connection that is ${this.state}`);
    if (this.refusal !== undefined) throw this.refusal;
    const call = new FakeCall(path, metadata, listener, request);
    this.calls.push(call);
    return call;
  }

  close(now: boolean): void {
    this.state = now ? 'closed' : 'draining';
  }

  ready(): void {
    this.state = 'ready';
    this.#observer?.onReady();
  }

  lose(details = 'lost', tls = false): void {
    this.state = 'lost';
    this.#observer?.onLost({ details, tls });
  }

  /** The peer announces the end. */
  dismiss(): void {
    this.state = 'lost';
    this.#observer?.onLost({ details: 'the peer ends the connection', tls: false, graceful: true });
  }

  crowd(limit: number): void {
    this.#observer?.onCrowded(limit);
  }

  /** The newest call. */
  get call(): FakeCall {
    return this.calls.at(-1) as FakeCall;
  }
}

export class FakeTransport implements Transport {
  readonly name = 'fake';
  readonly clock: FakeClock = new FakeClock();
  readonly connections: FakeConnection[] = [];
  readonly log: string[] = [];
  /** The TLS options of each connection. */
  readonly tls: (TlsOptions | undefined)[] = [];

  connect(endpoint: Endpoint, { tls }: ConnectionOptions): Connection {
    this.tls.push(tls);
    const connection = new FakeConnection(endpoint);
    this.connections.push(connection);
    return connection;
  }

  /** The newest connection to an endpoint, `h:1` for example. */
  to(address: string): FakeConnection {
    const found = this.connections.findLast(({ endpoint }) => endpoint.address === address);
    if (found === undefined) throw new Error(`nobody connected to ${address}`);
    return found;
  }

  /** A picker over this transport. */
  picker(...endpoints: string[]): Picker {
    return this.pickerWith(undefined, ...endpoints);
  }

  /** A picker with TLS options. */
  pickerWith(tls: SlotParts['tls'], ...endpoints: string[]): Picker {
    const say = (line: string): void => void this.log.push(line);
    return new Picker(parseEndpoints(endpoints, tls !== undefined), tls !== undefined, {
      transport: this,
      connection: { keepalive: undefined, maxReceiveBytes: 1_000 },
      tls,
      connectTimeoutMs: 500,
      clock: this.clock,
      random: () => 1,
      alarm: (line) => say(`alarm: ${line}`),
      logger: { ...silentLogger, info: (line) => say(`info: ${line}`), warn: say },
    });
  }
}
