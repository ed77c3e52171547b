// A peer that a test scripts, frame by frame, over a socket that is none: no network, and no time but the test's.
import { assert, FakeClock, settle } from '@etcdts/testing';
import type { Metadata } from '@etcdts/core';
import type {
  ConnectFailure,
  ConnectionOptions,
  Endpoint,
  WireCall,
  WireListener,
  WireStatus,
} from '@etcdts/core/plugin';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Http2Connection } from './connection.ts';
import type { Dialed, SocketOwner } from './dial.ts';
import { FakeReader, frame, frameLength, type FakeFrame } from './fake-frames.test.kit.ts';
import type { Http2Settings } from './settings.ts';

const PREFACE_LENGTH = 24;
const ENDPOINT: Endpoint = { address: 'a:1', host: 'a', port: 1, socketPath: undefined, secure: false };
export const OPTIONS: ConnectionOptions = { tls: undefined, keepalive: undefined, maxReceiveBytes: 1_000_000 };
const SETTINGS: Http2Settings = {
  windowBytes: 100_000,
  connectionWindowBytes: 1_000_000,
  maxHeaderListBytes: 10_000,
  firstStreamId: 1,
};

/** A socket that takes all bytes, or none while it is stuck. */
class FakeSocket extends EventEmitter {
  readonly written: Buffer[] = [];
  writableLength = 0;
  stuck = false;
  held = true;
  state: 'open' | 'ended' | 'destroyed' = 'open';
  writes = 0;
  #corked = false;

  get writableNeedDrain(): boolean {
    return this.stuck && this.writableLength > 0;
  }

  write(bytes: Buffer): boolean {
    if (!this.#corked) this.writes++;
    // A copy, since the writer uses its slab again.
    this.written.push(Buffer.from(bytes));
    if (this.stuck) this.writableLength += bytes.length;
    return !this.stuck;
  }

  cork(): void {
    this.#corked = true;
  }

  uncork(): void {
    this.#corked = false;
    this.writes++;
  }

  ref(): void {
    this.held = true;
  }

  unref(): void {
    this.held = false;
  }

  destroySoon(): void {
    this.state = 'ended';
    this.emit('close');
  }
}

/** The reports of one call. */
export class FakeListener implements WireListener {
  readonly messages: Buffer[] = [];
  status: WireStatus | undefined;
  /** Called for each message, after it was noted. */
  react: (message: Buffer) => void = () => {};
  call!: WireCall;

  onMessage(message: Buffer): void {
    assert.is(this.status, undefined, 'no message comes after the end');
    this.messages.push(message);
    this.react(message);
  }

  onEnd(status: WireStatus): void {
    assert.is(this.status, undefined, 'the end comes once');
    this.status = status;
  }

  get texts(): readonly string[] {
    return this.messages.map(String);
  }
}

/** One end of a connection: the peer, whose other end is the connection under test. */
export class FakePeer {
  readonly clock: FakeClock = new FakeClock();
  readonly socket: FakeSocket = new FakeSocket();
  readonly connection: Http2Connection;
  readonly reports: ('ready' | ConnectFailure)[] = [];
  readonly crowded: number[] = [];
  /** The reason with which the connection destroyed its socket, if it did so. */
  reason: Error | undefined;
  readonly #reader: FakeReader = new FakeReader();
  #owner!: SocketOwner;
  #bytes: Buffer = Buffer.alloc(0);
  #preface: Buffer = Buffer.alloc(0);

  constructor(settings: Partial<Http2Settings> = {}, options: Partial<ConnectionOptions> = {}) {
    const open = (_: unknown, __: unknown, ___: unknown, owner: SocketOwner): Dialed => {
      this.#owner = owner;
      return {
        settled: () => {},
        destroy: (reason) => {
          this.socket.state = 'destroyed';
          this.reason = reason;
        },
      };
    };
    this.connection = new Http2Connection(
      ENDPOINT,
      { ...OPTIONS, ...options },
      { ...SETTINGS, clock: this.clock, ...settings },
      new Set(),
      open,
    );
    this.connection.connect({
      onReady: () => void this.reports.push('ready'),
      onLost: (failure) => void this.reports.push(failure),
      onCrowded: (limit) => void this.crowded.push(limit),
    });
    this.#owner.onSocket(this.socket as unknown as Socket);
  }

  /** A peer whose settings the connection has received. What it has sent until then is read. */
  static async ready(
    peerSettings: Readonly<Record<number, number>> = {},
    settings: Partial<Http2Settings> = {},
    options: Partial<ConnectionOptions> = {},
  ): Promise<FakePeer> {
    const peer = new FakePeer(settings, options);
    peer.send(frame.settings(peerSettings));
    await peer.frames();
    assert.equal(peer.reports, ['ready']);
    return peer;
  }

  /** The bytes of these frames come in one read. */
  send(...frames: readonly Buffer[]): void {
    const bytes = Buffer.concat(frames);
    this.#owner.onBytes(bytes, bytes.length);
  }

  /** The socket is lost. */
  lose(details = 'gone'): void {
    this.#owner.onLost({ details, tls: false });
  }

  /** The socket takes again what is written. */
  drain(): void {
    this.socket.stuck = false;
    this.socket.writableLength = 0;
    this.socket.emit('drain');
  }

  /** Ends the turn, and returns the frames that came since the last call. */
  async frames(): Promise<readonly FakeFrame[]> {
    await settle();
    this.#bytes = Buffer.concat([this.#bytes, ...this.socket.written.splice(0)]);
    const frames: FakeFrame[] = [];
    while (this.#bytes.length > 0) {
      const length = this.#preface.length === 0 ? PREFACE_LENGTH : frameLength(this.#bytes, 0);
      const whole = this.#bytes.subarray(0, length);
      this.#bytes = this.#bytes.subarray(length);
      if (this.#preface.length === 0) this.#preface = whole;
      else frames.push(this.#reader.read(whole));
    }
    return frames;
  }

  start(path = '/s/M', metadata: Metadata = {}): FakeListener {
    return this.#start(path, metadata, undefined);
  }

  /** Starts a call with a whole request. */
  ask(message = 'x', path = '/s/M', metadata: Metadata = {}): FakeListener {
    return this.#start(path, metadata, frame.message(message));
  }

  #start(path: string, metadata: Metadata, request: Buffer | undefined): FakeListener {
    const listener = new FakeListener();
    listener.call = this.connection.start(path, metadata, listener, request);
    return listener;
  }

  /** The first bytes that came. */
  get preface(): string {
    return this.#preface.toString('latin1');
  }

  /** Why the connection was lost. */
  get failure(): ConnectFailure {
    const [failure] = this.reports.filter((one) => one !== 'ready');
    assert.ok(failure, 'the connection is lost');
    return failure as ConnectFailure;
  }
}
