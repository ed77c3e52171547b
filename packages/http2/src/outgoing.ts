import type { Socket } from 'node:net';
import { CallList } from './call-list.ts';
import type { Http2Call } from './call.ts';
import { ERROR, Http2Error } from './errors.ts';
import type { Floods } from './floods.ts';
import { INITIAL_WINDOW, LARGEST_31 } from './frames.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { RequestHeads } from './request-heads.ts';
import type { PeerSettings } from './settings.ts';
import { headersTooLarge } from './status.ts';
import type { Streams } from './streams.ts';

/** How much is written before the socket is asked whether it takes more. */
const ENOUGH = 262_144;

const NOTHING = Buffer.alloc(0);

/** The parts with which calls are sent. */
export interface OutgoingParts {
  readonly writer: FrameWriter;
  readonly streams: Streams;
  readonly heads: RequestHeads;
  readonly peer: PeerSettings;
  readonly floods: Floods;
}

/**
 * Sends calls: begins those that wait, in order, as many as the peer allows at a time; and divides what the peer accepts fairly
 * among those that have more to send, a frame each in turn. Nothing of a call is written before its turn comes, so that one that has
 * not begun has provably not left.
 */
export class Outgoing {
  readonly #parts: OutgoingParts;
  /** Calls that have not begun. */
  readonly waiting: CallList<Http2Call> = new CallList();
  /** Calls that have something to send, and whose own window allows it. */
  readonly #sending: CallList<Http2Call> = new CallList();
  /** How much the peer accepts on the connection. */
  #window: number = INITIAL_WINDOW;
  /** The limit of streams, while calls wait for it; `undefined` while none does. */
  #crowded: number | undefined;
  #socket: Socket | undefined;

  constructor(parts: OutgoingParts) {
    this.#parts = parts;
  }

  /** From now on it can write. */
  open(socket: Socket): void {
    this.#socket = socket;
  }

  /** From now on nothing is written. */
  close(): void {
    this.#socket = undefined;
  }

  /** Whether the socket has not taken yet what was written, and takes no more until its event `drain`. */
  get blocked(): boolean {
    return this.#socket !== undefined && this.#socket.writableNeedDrain && this.#socket.writableLength > 0;
  }

  /** Why a call that has not begun waits. */
  get reason(): string {
    const { peer, streams } = this.#parts;
    if (streams.open >= peer.maxConcurrentStreams) {
      return `the call waits for a stream: the peer allows ${peer.maxConcurrentStreams} at a time`;
    }
    if (this.blocked) return 'the call waits for the network: the peer does not read';
    return 'the call has not left yet';
  }

  /** A call has something to send, or to end. */
  onSend(call: Http2Call): void {
    if (!call.live || call.list !== undefined) return;
    // The end alone needs no window, and must not wait behind those who do (RFC 9113, 6.9).
    if (call.frame === undefined) this.#sending.addFirst(call);
    else this.#sending.add(call);
  }

  /** Nothing more of a call is sent. */
  forget(call: Http2Call): void {
    if (!this.waiting.remove(call)) this.#sending.remove(call);
    else if (this.waiting.length === 0) this.#crowded = undefined;
  }

  /** WINDOW_UPDATE of the connection. */
  addWindow(increment: number): void {
    this.#window += increment;
    // RFC 9113, 6.9.1.
    if (this.#window > LARGEST_31)
      throw new Http2Error(ERROR.FLOW_CONTROL_ERROR, 'a window of the connection beyond 2^31-1');
  }

  /** Changes the window of a stream. Returns false if it is beyond 2^31-1. */
  addStreamWindow(call: Http2Call, change: number): boolean {
    call.window += change;
    if (call.window > LARGEST_31) return false;
    if (call.window > 0 && call.frame !== undefined) this.onSend(call);
    return true;
  }

  /**
   * Writes what can be written. `begins` is whether calls may begin. Returns the limit of streams if calls wait for it and none
   * did before.
   */
  flush(begins: boolean): number | undefined {
    const socket = this.#socket;
    if (socket === undefined) return undefined;
    const { writer } = this.#parts;
    let more = true;
    while (more && !this.blocked) {
      more = begins && this.#begin();
      more = this.#send() || more;
      writer.flush(socket);
    }
    return this.#noteCrowd();
  }

  /** Begins the calls that wait. Returns whether it stopped because enough is written. */
  #begin(): boolean {
    const { streams, peer, writer } = this.#parts;
    for (let call = this.waiting.first; call !== undefined; call = this.waiting.first) {
      if (streams.open >= peer.maxConcurrentStreams || streams.usedUp) return false;
      if (writer.pending >= ENOUGH) return true;
      this.waiting.remove(call);
      this.#start(call);
    }
    return false;
  }

  #start(call: Http2Call): void {
    const { streams, heads, peer, writer, floods } = this.#parts;
    if (peer.maxHeaderListSize !== Infinity) {
      const size = heads.size(call.head, call.path);
      if (size > peer.maxHeaderListSize) {
        const details = `the headers of the call have ${size} bytes, and the peer accepts ${peer.maxHeaderListSize}`;
        return call.abort(headersTooLarge(details, 'unsent'), true);
      }
    }
    const id = streams.begin(call);
    call.window = peer.initialWindow;
    const { frame } = call;
    const ends = frame === undefined && call.ending;
    writer.headers(id, heads.block(call.head, call.path), peer.maxFrameSize, ends);
    floods.progress();
    if (ends) call.ended = true;
    if (frame === undefined) return;
    const { length } = frame;
    const fits = length <= call.window && length <= this.#window && length <= peer.maxFrameSize;
    // Behind others that wait for the window of the connection, it waits as well.
    if (fits && this.#sending.first === undefined) this.#write(call, frame, length);
    if (call.frame !== undefined) this.onSend(call);
  }

  /** Sends a frame of each call in turn. Returns whether it stopped because enough is written. */
  #send(): boolean {
    const { peer, writer } = this.#parts;
    for (let call = this.#sending.first; call !== undefined; call = this.#sending.first) {
      if (writer.pending >= ENOUGH) return true;
      const { frame } = call;
      if (frame !== undefined && this.#window <= 0) return false;
      this.#sending.remove(call);
      if (frame === undefined) this.#writeEnd(call);
      else {
        const length = Math.min(frame.length - call.offset, peer.maxFrameSize, call.window, this.#window);
        if (length > 0) this.#write(call, frame, length);
        // At the end of the list, so that all have their turn.
        if (call.frame !== undefined && call.window > 0) this.#sending.add(call);
      }
    }
    return false;
  }

  #writeEnd(call: Http2Call): void {
    if (!call.ending || call.ended) return;
    call.ended = true;
    this.#parts.writer.data(call.id, NOTHING, 0, 0, true);
  }

  /** Writes some of the present frame of a call. */
  #write(call: Http2Call, frame: Buffer, length: number): void {
    const start = call.offset;
    const end = start + length;
    const ends = end === frame.length && call.last;
    this.#window -= length;
    call.window -= length;
    if (ends) call.ended = true;
    this.#parts.writer.data(call.id, frame, start, end, ends);
    this.#parts.floods.sentData();
    call.onWritten(length);
  }

  /** Whether calls have begun to wait for a stream. */
  #noteCrowd(): number | undefined {
    const { peer, streams } = this.#parts;
    const limit = peer.maxConcurrentStreams;
    if (this.waiting.first === undefined || streams.open < limit) {
      if (this.waiting.first === undefined) this.#crowded = undefined;
      return undefined;
    }
    const news = this.#crowded === undefined;
    this.#crowded = limit;
    return news ? limit : undefined;
  }
}
