import { status, type StatusObject } from '@grpc/grpc-js';
import type { Channel } from '@grpc/grpc-js';
import { FRAME_PREFIX } from '../../frame.ts';
import type { Reach, WireCall, WireListener } from '../transport.ts';

// grpc-js reports both of these in words only.
const REFUSED = 'Stream refused by server';
const TOO_LARGE = /^Received message (?:larger than max|that decompresses to a size larger than) /;

/**
 * For how many microtasks a cancel is repeated. grpc-js takes three from `start` to the inner call that `cancelWithStatus`
 * ends, and at least one more from there to the first byte.
 */
const CANCELS = 12;

type GrpcWire = ReturnType<Channel['createCall']>;

/** One call of grpc-js, through the channel's own interface: cheaper than a generated client, and nothing in between. */
export class GrpcCall implements WireCall {
  readonly #wire: GrpcWire;
  readonly #calls: Set<GrpcCall>;
  readonly #onSettled: () => void;
  #listener: WireListener | undefined;
  /** Whether messages are reported without being asked for. */
  #unary = false;
  /** Messages that wait until the first one is written: until then grpc-js has room for one, and forgets all others. */
  #waiting: Buffer[] | undefined;
  #written = false;
  /** Messages that grpc-js has not written yet. */
  #writing = 0;
  #ending = false;
  /** Whether the peer has answered anything at all. */
  #answered = false;

  constructor(wire: GrpcWire, listener: WireListener, calls: Set<GrpcCall>, onSettled: () => void) {
    this.#wire = wire;
    this.#listener = listener;
    this.#calls = calls;
    this.#onSettled = onSettled;
    calls.add(this);
  }

  /** Sends the one request of a unary call, and reads all that comes. */
  sendWhole(request: Buffer): void {
    this.#unary = true;
    this.#write(request);
    this.#wire.halfClose();
    this.#wire.startRead();
  }

  send(frame: Buffer): void {
    if (this.#written || this.#writing === 0) this.#write(frame);
    else (this.#waiting ??= []).push(frame);
  }

  halfClose(): void {
    // grpc-js half-closes after the message that it is writing, also where more are to follow.
    if (this.#waiting === undefined && this.#writing <= 1) this.#wire.halfClose();
    else this.#ending = true;
  }

  read(): void {
    if (this.#listener !== undefined) this.#wire.startRead();
  }

  cancel(): void {
    if (this.#listener === undefined) return;
    this.#settle();
    this.#cancelWire(CANCELS);
  }

  /**
   * Cancels now, and again with each microtask while the call may not have left yet: grpc-js forgets a cancel that comes
   * before it has made its inner call, and would start that one nevertheless.
   */
  #cancelWire(times: number): void {
    this.#wire.cancelWithStatus(status.CANCELLED, 'cancelled');
    if (times > 1 && !this.#written && !this.#answered) queueMicrotask(() => this.#cancelWire(times - 1));
  }

  /** Ends the call from below, and reports it. grpc-js does not show how far a call got while it is under way. */
  abandon(details: string): void {
    const listener = this.#listener;
    this.cancel();
    listener?.onEnd({ code: status.UNAVAILABLE, details, reach: 'sent' });
  }

  onReceiveMetadata(): void {
    this.#answered = true;
  }

  onReceiveMessage(message: Buffer): void {
    this.#listener?.onMessage(message);
    // grpc-js reports the status only after another read.
    if (this.#unary) this.read();
  }

  onReceiveStatus(end: StatusObject): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#settle();
    // Whatever grpc-js throws inside becomes a status, with or without details.
    const details = String(end.details ?? '');
    const reach = this.#refused(end, details) ? 'refused' : this.#reach();
    listener.onEnd({ code: end.code, details, reach, ...(isTooLarge(end, details) && { tooLarge: true }) });
  }

  #write(frame: Buffer): void {
    this.#writing++;
    // grpc-js writes the prefix itself.
    this.#wire.sendMessageWithContext({ callback: this.#onWritten }, frame.subarray(FRAME_PREFIX));
  }

  readonly #onWritten = (): void => {
    this.#written = true;
    this.#writing--;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const frame of waiting) this.#write(frame);
    if (this.#ending && this.#writing === 0) this.#wire.halfClose();
  };

  /**
   * Whether the peer reset the stream as REFUSED_STREAM: not processed, by the protocol. grpc-js takes the reset's code off
   * the status; what remains is its text, and that the text is no server's, as there were neither headers nor trailers.
   */
  #refused(end: StatusObject, details: string): boolean {
    return end.code === status.UNAVAILABLE && details === REFUSED && !this.#answered && isLocal(end);
  }

  /** grpc-js knows a call's peer only once it has a stream on a connection; until then nothing can have left. */
  #reach(): Reach {
    return this.#wire.getAuthContext() === null ? 'unsent' : 'sent';
  }

  #settle(): void {
    this.#listener = undefined;
    this.#calls.delete(this);
    this.#onSettled();
  }
}

/** Whether grpc-js may have made a status itself: a server that refuses a call at once sends headers with its status. */
function isLocal({ metadata }: StatusObject): boolean {
  return Object.keys(metadata.getMap()).length === 0;
}

/** Whether grpc-js refused a message for its size. A server that refuses a request may use the same words. */
function isTooLarge(end: StatusObject, details: string): boolean {
  return end.code === status.RESOURCE_EXHAUSTED && TOO_LARGE.test(details) && isLocal(end);
}
