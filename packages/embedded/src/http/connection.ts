import type { Socket } from 'node:net';
import {
  Decoder,
  Encoder,
  ERROR,
  Fifo,
  Floods,
  FrameWriter,
  Http2Error,
  PeerSettings,
  Turn,
  type ControlOwner,
} from '@etcdts/framing';
import { DEADLINE, ServerCall, type CallListener, type CallOwner } from './call.ts';
import { callHead } from './call-head.ts';
import { Incoming } from './incoming.ts';
import { Outgoing } from './outgoing.ts';
import { classify, type RequestHead } from './request-head.ts';
import { ResponseHeads } from './response-heads.ts';
import { MAX_HEADER_LIST, SETTINGS, WINDOW } from './settings.ts';
import { Streams } from './streams.ts';

/** The size of the table of our decoder, which is the initial one (RFC 9113, 6.5.2). */
const TABLE = 4_096;
/** How much of all answers may wait for a client that does not read, in bytes, those of streams aside. Beyond that, its next calls wait. */
const MUCH = 1 << 25;
/** How many calls may wait for that. Beyond it, streams are refused. */
const MANY = 10_000;
/** How much may wait for a client that provokes RST_STREAM and does not read it, in bytes. */
const MAX_BACKLOG = 1 << 20;
/** How long the last bytes may take to leave. */
const LINGER_MS = 1_000;

const clock = { now: () => performance.now() };

/** What a connection needs of the server. */
export interface ConnectionOwner {
  readonly maxReceiveBytes: number;
  /** A call begins. Returns who answers it; `undefined` if it has ended the call. */
  accept(call: ServerCall): CallListener | undefined;
  /** Runs a task of a deadline, in order with those of requests. */
  pass(task: () => void): void;
}

/** One connection of a client, from its preface to its end. */
export class ServerConnection implements CallOwner, ControlOwner {
  readonly maxReceiveBytes: number;
  readonly windowBytes: number = WINDOW.STREAM;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #encoder: Encoder = new Encoder();
  readonly #peer: PeerSettings = new PeerSettings('client');
  readonly #writer: FrameWriter = new FrameWriter();
  readonly #streams: Streams = new Streams();
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #turn: Turn = new Turn(() => this.#flush());
  #over = false;
  /** How many bytes of answers wait to be sent, those of streams aside. */
  #queued = 0;
  /** What waits until less does. */
  readonly #waiting: Fifo<() => void> = new Fifo();
  /** Calls with a deadline that began in this turn, and those that are no longer congested. */
  #timed: ServerCall[] = [];
  #drained: ServerCall[] = [];

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.maxReceiveBytes = owner.maxReceiveBytes;
    const parts = {
      owner: this,
      peer: this.#peer,
      decoder: new Decoder(TABLE, MAX_HEADER_LIST, classify),
      writer: this.#writer,
      streams: this.#streams,
      heads: new ResponseHeads(this.#encoder),
      floods: new Floods(clock),
      schedule: () => this.#turn.schedule(),
      onAnswered: (call: ServerCall) => this.onAnswered(call),
      onRequest: (id: number, head: RequestHead, ends: boolean) => this.#onRequest(id, head, ends),
      refuse: (id: number, code: number) => this.#refuse(id, code),
    };
    this.#outgoing = new Outgoing(parts);
    this.#incoming = new Incoming({ ...parts, outgoing: this.#outgoing });
    socket.on('drain', this.#turn.end);
    socket.on('close', () => this.#lost());
    this.#writer.settings(SETTINGS, WINDOW.CONNECTION);
    this.#outgoing.open(socket);
    this.#turn.schedule();
  }

  /** Reads bytes that came behind the preface. */
  read(bytes: Buffer): void {
    if (this.#over) return;
    this.#turn.beginReading();
    try {
      this.#incoming.read(bytes);
      if (this.#writer.pending > MAX_BACKLOG) {
        throw new Http2Error(ERROR.ENHANCE_YOUR_CALM, 'the peer does not read the answers that it provokes');
      }
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#turn.endReading();
    // What comes from a client that reads nothing stays in its own buffers. WINDOW_UPDATEs would be of no use to it.
    if (this.#outgoing.blocked && this.#queued > MUCH) this.#socket.pause();
  }

  onSend(call: ServerCall): void {
    this.#outgoing.onSend(call);
    this.#turn.schedule();
  }

  returnWindow(call: ServerCall, bytes: number): void {
    this.#writer.windowUpdate(call.id, bytes);
    this.#turn.schedule();
  }

  onQueued(bytes: number): void {
    this.#queued += bytes;
    if (bytes < 0 && this.#waiting.length > 0) this.#turn.schedule();
  }

  admit(task: () => void): void {
    if (this.#queued <= MUCH && this.#waiting.length === 0) task();
    else this.#waiting.push(task);
  }

  onDrain(call: ServerCall): void {
    this.#drained.push(call);
  }

  onReset(call: ServerCall, code: number): void {
    this.#outgoing.forget(call);
    if (call.peerEnded) this.#streams.delete(call);
    else this.#streams.deleteReset(call);
    this.#writer.reset(call.id, code);
    this.#turn.schedule();
  }

  onAnswered(call: ServerCall): void {
    this.#outgoing.forget(call);
    if (call.peerEnded) return this.#streams.delete(call);
    // Without an end of the client's half, the stream would stay half open (RFC 9113, 8.1).
    this.#streams.deleteReset(call);
    this.#writer.reset(call.id, ERROR.NO_ERROR);
  }

  onReady(): void {}

  onSettings(initialWindowChange: number): void {
    this.#encoder.limit(this.#peer.headerTableSize);
    if (initialWindowChange === 0) return;
    // RFC 9113, 6.9.2.
    for (const call of this.#streams.all()) {
      if (this.#outgoing.addStreamWindow(call, initialWindowChange)) continue;
      throw new Http2Error(ERROR.FLOW_CONTROL_ERROR, 'settings that make the window of a stream too large');
    }
  }

  /** A client that goes away opens no more streams; those that are open go on (RFC 9113, 6.8). */
  onGoAway(): void {}

  #onRequest(id: number, head: RequestHead, ends: boolean): void {
    if (this.#waiting.length > MANY) {
      this.#streams.note(id);
      return this.#refuse(id, ERROR.REFUSED_STREAM);
    }
    const { start, refusal } = callHead(head);
    const call = new ServerCall(this, id, this.#peer.initialWindow, start);
    this.#streams.begin(call);
    if (refusal !== undefined) call.finish(refusal.code, refusal.text, refusal.httpStatus);
    else {
      const listener = this.#owner.accept(call);
      if (listener !== undefined) call.answeredBy(listener);
    }
    if (start.timeoutMs !== Infinity && !call.over) {
      this.#timed.push(call);
      this.#turn.schedule();
    }
    if (ends) call.onEnd();
  }

  #refuse(id: number, code: number): void {
    this.#streams.rememberReset(id);
    this.#writer.reset(id, code);
    this.#turn.schedule();
  }

  #flush(): void {
    if (this.#over) return;
    if (!this.#outgoing.blocked) {
      this.#incoming.returnWindow();
      if (this.#socket.isPaused()) this.#socket.resume();
    }
    this.#outgoing.flush();
    this.#armDeadlines();
    this.#resume();
  }

  /** Most calls are answered in the turn in which they come, and need no timer. */
  #armDeadlines(): void {
    if (this.#timed.length === 0) return;
    const timed = this.#timed;
    this.#timed = [];
    for (const call of timed) {
      if (call.over) continue;
      const end = (): void => this.#owner.pass(() => call.finish(DEADLINE.code, DEADLINE.message));
      call.deadline = setTimeout(end, Math.min(call.head.timeoutMs, 2 ** 31 - 1)).unref();
    }
  }

  /** Goes on with what has waited for the client to read. */
  #resume(): void {
    if (this.#drained.length > 0) {
      const drained = this.#drained;
      this.#drained = [];
      for (const call of drained) call.drained();
    }
    while (this.#queued <= MUCH && this.#waiting.length > 0) (this.#waiting.shift() as () => void)();
  }

  /** The protocol is broken (RFC 9113, 5.4.1). */
  #fail(error: Error): void {
    const code = error instanceof Http2Error ? error.code : ERROR.INTERNAL_ERROR;
    this.#outgoing.flush();
    this.#writer.goAway(code, this.#streams.last, error.message.replace(/[^ -~]/g, '?').slice(0, 256));
    this.#outgoing.flush();
    this.#lost();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#socket.once('close', () => clearTimeout(timer)).destroySoon();
  }

  #lost(): void {
    if (this.#over) return;
    this.#over = true;
    this.#incoming.stop();
    this.#outgoing.close();
    for (const call of this.#streams.all()) {
      this.#streams.delete(call);
      call.lost();
    }
  }
}
