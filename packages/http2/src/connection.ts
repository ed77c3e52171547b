import type { Metadata } from '@etcdts/core';
import {
  systemClock,
  type Clock,
  type ConnectFailure,
  type Connection,
  type ConnectionObserver,
  type ConnectionOptions,
  type Endpoint,
  type WireCall,
  type WireListener,
} from '@etcdts/core/plugin';
import type { Socket } from 'node:net';
import {
  type ControlOwner,
  Decoder,
  Encoder,
  ERROR,
  Floods,
  FrameWriter,
  goAwayReason,
  Http2Error,
  PeerSettings,
  Turn,
} from '@etcdts/framing';
import { Calls } from './calls.ts';
import { dial, type Dialed, type SocketOwner } from './dial.ts';
import { hangUp } from './hang-up.ts';
import { Incoming } from './incoming.ts';
import { Keepalive, type KeepaliveOwner } from './keepalive.ts';
import { Outgoing } from './outgoing.ts';
import { RequestHeads } from './request-heads.ts';
import { classify } from './response-head.ts';
import { ownSettings, type Http2Settings } from './settings.ts';
import { Streams } from './streams.ts';

/** The size of the table of our decoder, which is the initial one (RFC 9113, 6.5.2). */
const TABLE = 4_096;

const CLOSED = 'the connection was closed';

/** One connection over HTTP/2: it connects, carries calls, and is lost or closed. */
export class Http2Connection implements Connection, SocketOwner, ControlOwner, KeepaliveOwner {
  readonly endpoint: Endpoint;
  readonly #options: ConnectionOptions;
  readonly #settings: Http2Settings;
  readonly #clock: Clock;
  readonly #peeked: Set<string>;
  readonly #dial: typeof dial;
  readonly #encoder: Encoder = new Encoder();
  readonly #peer: PeerSettings = new PeerSettings('server');
  readonly #writer: FrameWriter = new FrameWriter();
  readonly #streams: Streams;
  readonly #outgoing: Outgoing;
  readonly #calls: Calls;
  readonly #incoming: Incoming;
  readonly #turn: Turn = new Turn(() => this.#flush());
  #observer: ConnectionObserver | undefined;
  #dialed: Dialed | undefined;
  #socket: Socket | undefined;
  #keepalive: Keepalive | undefined;
  /** Whether the peer's settings have come. */
  #ready = false;
  /** Whether calls may begin: from then on, until the connection is lost, closed or given up by the peer. */
  #accepts = false;
  #over = false;
  /** Whether calls are under way; `undefined` before the connection is ready. */
  #busy: boolean | undefined;

  /**
   * `peeked` is shared by the connections of a transport: the addresses at which a look for another protocol found nothing. Tests replace
   * `open`, which opens the socket.
   */
  constructor(
    endpoint: Endpoint,
    options: ConnectionOptions,
    settings: Http2Settings,
    peeked: Set<string>,
    open: typeof dial = dial,
  ) {
    this.endpoint = endpoint;
    this.#options = options;
    this.#settings = settings;
    this.#clock = settings.clock ?? systemClock;
    this.#peeked = peeked;
    this.#dial = open;
    this.#streams = new Streams(settings.firstStreamId);
    const parts = {
      owner: this,
      settings,
      peer: this.#peer,
      decoder: new Decoder(TABLE, settings.maxHeaderListBytes, classify),
      writer: this.#writer,
      streams: this.#streams,
      heads: new RequestHeads(this.#encoder, endpoint),
      floods: new Floods(this.#clock),
      maxReceiveBytes: options.maxReceiveBytes,
      messageBuffer: options.messageBuffer,
      windowBytes: settings.windowBytes,
      schedule: () => this.#turn.schedule(),
      onOver: () => this.#drained(),
    };
    this.#outgoing = new Outgoing(parts);
    this.#calls = new Calls({ ...parts, outgoing: this.#outgoing });
    this.#incoming = new Incoming({ ...parts, outgoing: this.#outgoing });
  }

  connect(observer: ConnectionObserver): void {
    this.#observer = observer;
    this.#dialed = this.#dial(this.endpoint, this.#options, this.#peeked, this);
  }

  start(path: string, metadata: Metadata, listener: WireListener, request?: Buffer): WireCall {
    const call = this.#calls.add(path, metadata, listener, request);
    if (!this.#accepts) this.#calls.dismiss(CLOSED);
    return call;
  }

  close(now: boolean): void {
    this.#observer = undefined;
    if (!this.#ready) {
      this.#end();
      this.#dialed?.destroy();
      return;
    }
    // Calls that only wait for the end of the turn are under way.
    if (!now) this.#flush();
    this.#accepts = false;
    this.#calls.dismiss(CLOSED);
    if (now) this.#calls.abort(CLOSED, true);
    this.#drained();
  }

  onSocket(socket: Socket): void {
    this.#socket = socket;
    socket.on('drain', this.#turn.end);
    this.#writer.preface();
    this.#writer.settings(ownSettings(this.#settings), this.#settings.connectionWindowBytes);
    this.#outgoing.open(socket);
    this.#flush();
  }

  onBytes(bytes: Buffer, length: number): void {
    this.#keepalive?.heard();
    this.#turn.beginReading();
    try {
      this.#incoming.read(bytes, length);
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#turn.endReading();
  }

  onLost(failure: ConnectFailure): void {
    this.#end();
    this.#giveUp(failure);
    this.#calls.abort(failure.details, false);
  }

  onReady(): void {
    this.#ready = true;
    this.#accepts = true;
    this.#dialed?.settled();
    const { keepalive } = this.#options;
    if (keepalive !== undefined) this.#keepalive = new Keepalive(keepalive, this.#clock, this);
    this.#turn.schedule();
    this.#observer?.onReady();
  }

  onSettings(initialWindowChange: number): void {
    this.#encoder.limit(this.#peer.headerTableSize);
    this.#calls.changeWindows(initialWindowChange);
    this.#turn.schedule();
  }

  onGoAway(last: number, code: number, text: string): void {
    const details = goAwayReason(code, text);
    if (!this.#ready) return this.#fail(new Http2Error(ERROR.NO_ERROR, details));
    this.#giveUp({ details, tls: false, ...(code === ERROR.NO_ERROR && { graceful: true }) });
    this.#calls.refuseAbove(last, details);
    // A peer may read nothing more once its last stream is over (Node's does): what is said after that would not reach it.
    this.#bye(ERROR.NO_ERROR);
    this.#drained();
  }

  sendPing(): void {
    this.#writer.ping();
    this.#turn.schedule();
  }

  onSilence(): void {
    this.#dialed?.destroy();
    this.onLost({ details: 'the peer has not answered a ping', tls: false });
  }

  #flush(): void {
    if (!this.#outgoing.blocked) this.#incoming.returnWindow();
    const limit = this.#outgoing.flush(this.#accepts);
    if (limit !== undefined) this.#observer?.onCrowded(limit);
    if (this.#accepts && this.#streams.usedUp) {
      this.#giveUp({ details: 'the ids of streams are used up', tls: false, graceful: true });
      this.#drained();
    }
    if (this.#ready && !this.#over) this.#noteBusy(this.#calls.count > 0);
  }

  /** The socket holds the process while calls are under way. */
  #noteBusy(busy: boolean): void {
    if (busy === this.#busy) return;
    this.#busy = busy;
    if (busy) this.#socket?.ref();
    else this.#socket?.unref();
    this.#keepalive?.busy(busy);
  }

  /** Reports that no more calls may begin, and ends those that have not. */
  #giveUp(failure: ConnectFailure): void {
    this.#accepts = false;
    const observer = this.#observer;
    this.#observer = undefined;
    observer?.onLost(failure);
    this.#calls.dismiss(failure.details);
  }

  /** Closes the connection once nothing uses it. */
  #drained(): void {
    if (this.#accepts || !this.#ready || this.#over || this.#streams.open > 0) return;
    this.#bye(ERROR.NO_ERROR);
    hangUp(this.#socket, this.#dialed);
    this.#end();
  }

  /** The protocol is broken (RFC 9113, 5.4.1). */
  #fail(error: Error): void {
    if (this.#over) return;
    this.#bye(error instanceof Http2Error ? error.code : ERROR.INTERNAL_ERROR);
    this.#incoming.stop();
    if (!this.#ready) return this.#dialed?.destroy(error);
    hangUp(this.#socket, this.#dialed);
    this.onLost({ details: `the connection was ended here: ${error.message}`, tls: false, cause: error });
  }

  #bye(code: number): void {
    // A peer opens no streams here, since we accept no pushes.
    this.#writer.goAway(code, 0);
    this.#outgoing.flush(false);
  }

  #end(): void {
    this.#over = true;
    this.#accepts = false;
    this.#keepalive?.stop();
    this.#outgoing.close();
    this.#incoming.stop();
  }
}
