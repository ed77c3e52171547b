// A connection of a transport without a client above it, and all that it reports.
import type {
  ConnectFailure,
  Connection,
  ConnectionObserver,
  ConnectionOptions,
  Transport,
  WireCall,
  WireListener,
  WireStatus,
} from '@etcdts/core/plugin';
import { deferred, type Deferred } from '@etcdts/testing';

type Metadata = Parameters<Connection['start']>[1];

/** A gRPC frame around a message. */
export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** A connection to a port of this machine. It rejects nothing that a listener must not see: `wrong` collects that. */
export class Wire implements ConnectionObserver, AsyncDisposable {
  readonly connection: Connection;
  readonly ready: Deferred<void> = deferred();
  readonly lost: Deferred<ConnectFailure> = deferred();
  /** Reports that the interface of a transport forbids. */
  readonly wrong: string[] = [];
  readonly crowded: number[] = [];
  readonly talks: Talk[] = [];
  #isReady = false;
  #isLost = false;

  constructor(transport: Transport, port: number, options: Partial<ConnectionOptions> = {}) {
    const endpoint = { address: `127.0.0.1:${port}`, host: '127.0.0.1', port, socketPath: undefined, secure: false };
    const defaults = { tls: undefined, keepalive: undefined, maxReceiveBytes: 100_000_000 };
    this.connection = transport.connect(endpoint, { ...defaults, ...options });
    // Not every test waits for it.
    this.ready.promise.catch(() => {});
    this.connection.connect(this);
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether calls may be started. */
  get open(): boolean {
    return this.#isReady && !this.#isLost;
  }

  onReady(): void {
    if (this.#isReady || this.#isLost) this.wrong.push('onReady comes late');
    this.#isReady = true;
    this.ready.resolve();
  }

  onLost(failure: ConnectFailure): void {
    if (this.#isLost) this.wrong.push('onLost is called twice');
    this.#isLost = true;
    this.lost.resolve(failure);
    if (!this.#isReady) this.ready.reject(new Error(failure.details));
  }

  onCrowded(limit: number): void {
    this.crowded.push(limit);
  }

  /** Starts a call; with `request`, a unary one. */
  start(path: string, metadata: Metadata = {}, request?: Uint8Array): Talk {
    const talk = new Talk(this.wrong, request !== undefined);
    talk.call = this.connection.start(path, metadata, talk, request && framed(request));
    talk.started = true;
    this.talks.push(talk);
    return talk;
  }

  close(): void {
    this.connection.close(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** A call and its reports. */
export class Talk implements WireListener {
  call!: WireCall;
  started = false;
  cancelled = false;
  readonly messages: Buffer[] = [];
  readonly status: Deferred<WireStatus> = deferred();
  /** Called for each message. */
  onEach: ((message: Buffer) => void) | undefined;
  readonly #wrong: string[];
  readonly #whole: boolean;
  #wanted = 0;
  #halfClosed = false;
  #ended = false;

  constructor(wrong: string[], whole: boolean) {
    this.#wrong = wrong;
    this.#whole = whole;
  }

  /** Whether messages are sent and read one by one. */
  get streaming(): boolean {
    return !this.#whole;
  }

  get over(): boolean {
    return this.#ended || this.cancelled;
  }

  onMessage(message: Buffer): void {
    this.#check('onMessage');
    if (!this.#whole && --this.#wanted < 0) this.#wrong.push('a message comes without a read');
    this.messages.push(message);
    this.onEach?.(message);
  }

  onEnd(status: WireStatus): void {
    this.#check('onEnd');
    this.#ended = true;
    this.status.resolve(status);
  }

  send(message: Uint8Array): void {
    if (this.#halfClosed || this.#whole) return;
    this.call.send(framed(message));
  }

  read(count = 1): void {
    if (this.#whole) return;
    for (; count > 0; count--) {
      this.#wanted++;
      this.call.read();
    }
  }

  halfClose(): void {
    if (this.#halfClosed || this.#whole) return;
    this.#halfClosed = true;
    this.call.halfClose();
  }

  cancel(): void {
    if (!this.#ended) this.cancelled = true;
    this.call.cancel();
  }

  #check(name: string): void {
    if (!this.started) this.#wrong.push(`${name} is called before start returns`);
    if (this.#ended) this.#wrong.push(`${name} is called after the end`);
    if (this.cancelled) this.#wrong.push(`${name} is called after cancel`);
  }
}
