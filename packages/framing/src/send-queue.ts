import type { Socket } from 'node:net';
import { CallList } from './call-list.ts';
import { ERROR, Http2Error } from './errors.ts';
import { INITIAL_WINDOW, LARGEST_31 } from './frames.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { SendingHalf } from './sending-half.ts';
import type { PeerSettings } from './settings.ts';

/** How much is written before the socket is asked whether it takes more. */
const ENOUGH = 262_144;

/** The parts with which a queue sends. */
export interface SendQueueParts {
  readonly writer: FrameWriter;
  readonly peer: PeerSettings;
}

/** Sends DATA: divides what the peer accepts fairly among the calls that have more to send, a frame each in turn. */
export abstract class SendQueue<C extends SendingHalf> {
  protected readonly writer: FrameWriter;
  protected readonly peer: PeerSettings;
  /** Calls that have something to send, and whose own window allows it. */
  readonly #sending: CallList<C> = new CallList();
  /** How much the peer accepts on the connection. */
  #window: number = INITIAL_WINDOW;
  #socket: Socket | undefined;

  constructor({ writer, peer }: SendQueueParts) {
    this.writer = writer;
    this.peer = peer;
  }

  /** Ends a half when all its frames are written. If its {@link SendingHalf.last} is set, the last frame may end it by itself. */
  protected abstract writeEnd(call: C): void;

  /** DATA was written. */
  protected abstract onData(): void;

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

  /** A call has something to send, or to end. */
  onSend(call: C): void {
    if (!call.live || call.list !== undefined) return;
    // The end alone needs no window, and must not wait behind those who do (RFC 9113, 6.9).
    if (call.frame === undefined) this.#sending.addFirst(call);
    else this.#sending.add(call);
  }

  /** Nothing more of a call is sent. */
  forget(call: C): void {
    this.#sending.remove(call);
  }

  /** WINDOW_UPDATE of the connection. */
  addWindow(increment: number): void {
    this.#window += increment;
    // RFC 9113, 6.9.1.
    if (this.#window > LARGEST_31)
      throw new Http2Error(ERROR.FLOW_CONTROL_ERROR, 'a window of the connection beyond 2^31-1');
  }

  /** Changes the window of a stream. Returns false if it is beyond 2^31-1. */
  addStreamWindow(call: C, change: number): boolean {
    call.window += change;
    if (call.window > LARGEST_31) return false;
    if (call.window > 0 && call.frame !== undefined) this.onSend(call);
    return true;
  }

  /** Writes what can be written, until the socket takes no more. `begins` is whether calls may begin. */
  protected write(begins: boolean): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    let more = true;
    while (more && !this.blocked) {
      more = begins && this.begin();
      more = this.#send() || more;
      this.writer.flush(socket);
    }
  }

  /** Begins the calls that wait. Returns whether it stopped because enough is written. */
  protected begin(): boolean {
    return false;
  }

  /** Whether as much is written as the socket is to be given at once. */
  protected get enough(): boolean {
    return this.writer.pending >= ENOUGH;
  }

  /** Writes the only frame of a call that has just begun if it fits as a whole, and all calls before it have had their turn. */
  protected writeFirst(call: C, frame: Buffer): void {
    const { length } = frame;
    const fits = length <= call.window && length <= this.#window && length <= this.peer.maxFrameSize;
    // Behind others that wait for the window of the connection, it waits as well.
    if (fits && this.#sending.first === undefined) this.#write(call, frame, length);
    if (call.frame !== undefined) this.onSend(call);
  }

  /** Sends a frame of each call in turn. Returns whether it stopped because enough is written. */
  #send(): boolean {
    const { peer } = this;
    for (let call = this.#sending.first; call !== undefined; call = this.#sending.first) {
      if (this.enough) return true;
      const { frame } = call;
      if (frame !== undefined && this.#window <= 0) return false;
      this.#sending.remove(call);
      if (frame === undefined) this.writeEnd(call);
      else {
        const length = Math.min(frame.length - call.offset, peer.maxFrameSize, call.window, this.#window);
        if (length > 0) this.#write(call, frame, length);
        if (call.frame === undefined) {
          // The end did not fit into the last frame.
          if (call.ending && !call.ended) this.writeEnd(call);
        } else if (call.window > 0) {
          // At the end of the list, so that all have their turn.
          this.#sending.add(call);
        }
      }
    }
    return false;
  }

  /** Writes some of the present frame of a call. */
  #write(call: C, frame: Buffer, length: number): void {
    const start = call.offset;
    const end = start + length;
    const ends = end === frame.length && call.last;
    this.#window -= length;
    call.window -= length;
    if (ends) call.ended = true;
    this.writer.data(call.id, frame, start, end, ends);
    this.onData();
    call.onWritten(length);
  }
}
