import { status, type StatusObject } from '@grpc/grpc-js';
import type { Channel } from '@grpc/grpc-js';
import { FRAME_PREFIX } from '../../frame.ts';
import type { Reach, WireCall, WireListener } from '../transport.ts';
import { streamOf } from './session.ts';

// grpc-js reports both of these only in words.
// The second text for a refused stream comes where a write was under way: from Node 26 on that fails before the stream is closed.
const REFUSED = /^(?:Stream refused by server|Write error: Stream closed with error code NGHTTP2_REFUSED_STREAM)$/;
const TOO_LARGE = /^Received message (?:larger than max|that decompresses to a size larger than) /;

/**
 * For how many microtasks a cancel is repeated. grpc-js needs three from `start` to the inner call that `cancelWithStatus`
 * ends, and at least one more until the first byte.
 */
const CANCELS = 12;

type GrpcWire = ReturnType<Channel['createCall']>;

/** One call of grpc-js, through the channel's own interface. That is cheaper than a generated client. */
export class GrpcCall implements WireCall {
  readonly #wire: GrpcWire;
  readonly #calls: Set<GrpcCall>;
  readonly #onSettled: () => void;
  #listener: WireListener | undefined;
  /** Whether messages are reported without `read`. */
  #unary = false;
  /**
   * Messages that wait until the one before is written. Until the first one is written grpc-js keeps only one, and drops all
   * others. Later it would write them one by one, and copy the list of those that are left each time.
   */
  #waiting: Buffer[] | undefined;
  #written = false;
  /** Whether there is a message that grpc-js has not written yet. */
  #writing = false;
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
    if (this.#writing) (this.#waiting ??= []).push(frame);
    else this.#write(frame);
  }

  halfClose(): void {
    // grpc-js half-closes after the message that it is writing.
    if (this.#waiting === undefined) this.#wire.halfClose();
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
   * Cancels now, and again in each microtask while the call may not have left yet. grpc-js drops a cancel that comes before it
   * has made its inner call, and would start that call nevertheless.
   */
  #cancelWire(times: number): void {
    this.#wire.cancelWithStatus(status.CANCELLED, 'cancelled');
    if (times > 1 && !this.#written && !this.#answered) queueMicrotask(() => this.#cancelWire(times - 1));
  }

  /** Ends the call because its connection ends, as `sent`: grpc-js does not show how far a call got while it is under way. */
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
    // An error that grpc-js throws inside becomes a status, with or without details.
    const details = String(end.details ?? '');
    const reach = this.#refused(end, details) ? 'refused' : this.#reach();
    listener.onEnd({ code: end.code, details, reach, ...(isTooLarge(end, details) && { tooLarge: true }) });
  }

  #write(frame: Buffer): void {
    this.#writing = true;
    // grpc-js writes the prefix itself.
    this.#wire.sendMessageWithContext({ callback: this.#onWritten }, frame.subarray(FRAME_PREFIX));
  }

  readonly #onWritten = (): void => {
    this.#written = true;
    this.#writing = false;
    if (this.#waiting !== undefined) this.#writeNext(this.#waiting);
    else if (this.#ending) this.#wire.halfClose();
  };

  /** Writes all messages that wait at once, if there is a way to; else the first of them. */
  #writeNext(waiting: Buffer[]): void {
    const stream = waiting.length > 1 ? streamOf(this.#wire) : undefined;
    if (stream === undefined) {
      this.#write(waiting.shift() as Buffer);
      if (waiting.length === 0) this.#waiting = undefined;
      return;
    }
    this.#writing = true;
    this.#waiting = undefined;
    stream.write(Buffer.concat(waiting), this.#onWritten);
  }

  /**
   * Whether the peer reset the stream with REFUSED_STREAM, by which it promises that it has not processed the call. The status of
   * grpc-js does not hold that code. Its text shows it, and the text is no server's if there were neither headers nor trailers.
   */
  #refused(end: StatusObject, details: string): boolean {
    return end.code === status.UNAVAILABLE && REFUSED.test(details) && !this.#answered && isLocal(end);
  }

  /** How far the call got. grpc-js has a peer for it only once it has a stream on a connection; before, nothing can have left. */
  #reach(): Reach {
    return this.#wire.getAuthContext() === null ? 'unsent' : 'sent';
  }

  #settle(): void {
    this.#listener = undefined;
    this.#waiting = undefined;
    this.#calls.delete(this);
    this.#onSettled();
  }
}

/** Whether grpc-js may have made a status itself. A server that refuses a call at once sends headers with its status. */
function isLocal({ metadata }: StatusObject): boolean {
  return Object.keys(metadata.getMap()).length === 0;
}

/** Whether grpc-js refused a message for its size. A server that refuses a request may use the same words. */
function isTooLarge(end: StatusObject, details: string): boolean {
  return end.code === status.RESOURCE_EXHAUSTED && TOO_LARGE.test(details) && isLocal(end);
}
