import { copied, ERROR, Fifo, PartialMessage, PREFIX, SendingHalf, uint32, type SendingOwner } from '@etcdts/framing';
import { status, type StatusError } from '../status.ts';
import { decompressed, framed, refusal } from './compression.ts';

/** How much of a call may wait to be sent before it is congested, in bytes. It is until nothing waits. */
const MUCH = 65_536;

/** The functions that a call calls on who answers it. */
export interface CallListener {
  /** A message of the client. It is the listener's own. */
  message(bytes: Buffer): void;
  /** The client sends no more messages. */
  end(): void;
  /** What was sent no longer waits. */
  drain(): void;
  /** The call is over: answered, cancelled, past its deadline or cut off. Called once. */
  close(): void;
}

/** What a call needs of its connection. */
export interface CallOwner extends SendingOwner {
  readonly maxReceiveBytes: number;
  /** The window of a stream. */
  readonly windowBytes: number;
  /** Allows the client to send so many bytes more. */
  returnWindow(call: ServerCall, bytes: number): void;
  /** So many bytes more of admitted calls wait to be sent, or less. */
  onQueued(bytes: number): void;
  /** Runs a task now, or once less of the admitted calls waits to be sent. */
  admit(task: () => void): void;
  /** The call is no longer congested. */
  onDrain(call: ServerCall): void;
  /** The call ends here by RST_STREAM with this code. */
  onReset(call: ServerCall, code: number): void;
  /** The status of the call was written. */
  onAnswered(call: ServerCall): void;
}

/** How a call begins: what its headers say. */
export interface CallHead {
  readonly path: string;
  readonly token: string | undefined;
  /** The content type of the answer. */
  readonly contentType: string;
  /** The encoding of compressed messages in both directions. */
  readonly encoding: string | undefined;
  /** The milliseconds that it has; Infinity if there is no limit. */
  readonly timeoutMs: number;
  /** What `content-length` announces; -1 if there is none. */
  readonly contentLength: number;
}

/** One call of a client: a stream of HTTP/2 (RFC 9113, 5.1). */
export class ServerCall extends SendingHalf {
  readonly head: CallHead;
  readonly #owner: CallOwner;
  #listener: CallListener | undefined;
  /** Whether the call is over, or its status is on the way. */
  over = false;
  /** Whether the head of the answer was written. */
  begun = false;
  /** Whether the client has ended its half. */
  peerEnded = false;
  /** The HTTP status of the answer. */
  httpStatus = 200;
  code = 0;
  text = '';
  deadline: NodeJS.Timeout | undefined;

  #partial: PartialMessage<StatusError> | undefined;
  /** Messages that came while the call was paused. */
  #messages: Fifo<Buffer> | undefined;
  #paused = false;
  /** Whether the end of the client's half was reported. */
  #endReported = false;
  /** What has come and was not given back to the client's window, and the part of it in messages that wait. */
  #received = 0;
  #waiting = 0;
  #contentLeft: number;
  /** How many bytes wait to be sent. */
  #unsent = 0;
  #congested = false;
  #admitted = false;

  constructor(owner: CallOwner, id: number, window: number, head: CallHead) {
    super(owner, undefined);
    this.#owner = owner;
    this.id = id;
    this.window = window;
    this.head = head;
    this.#contentLeft = head.contentLength;
  }

  /** Sets who answers the call, once, before any of it is read. */
  answeredBy(listener: CallListener): void {
    this.#listener = listener;
  }

  /** Whether much waits to be sent. `drain` is called when that is over. */
  get congested(): boolean {
    return this.#congested;
  }

  /** The trailers end the stream, never DATA. */
  override get last(): boolean {
    return false;
  }

  /** Sends a message. */
  answer(message: Buffer): void {
    if (this.over) return;
    const frame = framed(message, this.head.encoding);
    this.#queue(frame.length);
    if (this.#unsent > MUCH) this.#congested = true;
    this.send(frame);
  }

  /** Ends the call with a status, behind all messages. */
  finish(code: number, text: string, httpStatus = 200): void {
    if (this.over) return;
    this.code = code;
    this.text = text;
    this.httpStatus = httpStatus;
    this.halfClose();
    this.#close();
  }

  /**
   * Runs a task that makes the whole answer: now, or once the client has read more of those before. A stream, which stops while it is
   * congested, needs no admission.
   */
  admit(task: () => void): void {
    this.#admitted = true;
    this.#owner.admit(task);
  }

  /** Takes no more messages until `resume`: those that come wait, as far as the window allows. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    // A listener may pause the call again, or end it.
    while (!this.#paused && this.#messages !== undefined) {
      const message = this.#messages.shift() as Buffer;
      if (this.#messages.length === 0) this.#messages = undefined;
      this.#waiting -= PREFIX + message.length;
      this.#listener?.message(message);
    }
    this.#reportEnd();
    if (this.live) this.#returnWindow();
  }

  /** DATA of this length begins, its padding included. */
  onDataFrame(length: number): void {
    this.#received += length;
    if (this.peerEnded) this.reset(ERROR.STREAM_CLOSED);
    // RFC 9113, 6.9.1.
    else if (this.#received > this.#owner.windowBytes) this.reset(ERROR.FLOW_CONTROL_ERROR);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (!this.live) return;
    if (this.#contentLeft >= 0 && (this.#contentLeft -= end - start) < 0) return this.reset(ERROR.PROTOCOL_ERROR);
    const { maxReceiveBytes } = this.#owner;
    let at = start;
    while (at < end && !this.over) {
      if (this.#partial === undefined && end - at >= PREFIX) {
        const flag = bytes[at] as number;
        const length = uint32(bytes, at + 1);
        const from = at + PREFIX;
        if (end - from >= length) {
          const refused = refusal(flag, length, maxReceiveBytes, this.head.encoding);
          if (refused !== undefined) return this.#refuse(refused);
          at = from + length;
          this.#onMessage(flag, copied(bytes, from, at));
          continue;
        }
      }
      at = this.#take(bytes, at, end);
    }
  }

  onDataEnd(ends: boolean): void {
    if (!this.live) return;
    if (ends) this.onEnd();
    else this.#returnWindow();
  }

  /** The client has ended its half. */
  onEnd(): void {
    this.peerEnded = true;
    if (this.#contentLeft > 0) return this.reset(ERROR.PROTOCOL_ERROR);
    if (this.#partial !== undefined) {
      // As grpc-go, which reads the prefix and the message one after the other.
      return this.finish(2, this.#partial.received < PREFIX ? 'EOF' : 'unexpected EOF');
    }
    this.#reportEnd();
  }

  /** Ends the call by RST_STREAM, because the client breaks a rule. */
  reset(code: number): void {
    if (!this.live) return;
    this.lost();
    this.#owner.onReset(this, code);
  }

  /** The call is over without an answer: the client has reset it, or the connection is cut. */
  lost(): void {
    this.stopSending();
    this.#queue(-this.#unsent);
    this.#close();
  }

  override onWritten(length: number): void {
    super.onWritten(length);
    this.#queue(-length);
    if (!this.#congested || this.#unsent > 0) return;
    this.#congested = false;
    this.#owner.onDrain(this);
  }

  /** What was sent no longer waits. */
  drained(): void {
    if (!this.over) this.#listener?.drain();
  }

  #queue(bytes: number): void {
    this.#unsent += bytes;
    if (this.#admitted) this.#owner.onQueued(bytes);
  }

  #close(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.deadline);
    this.#partial = undefined;
    this.#messages = undefined;
    this.#waiting = 0;
    this.#listener?.close();
  }

  /** Takes a part of a message. */
  #take(bytes: Buffer, start: number, end: number): number {
    const { maxReceiveBytes } = this.#owner;
    const partial = (this.#partial ??= new PartialMessage((flag, length) =>
      refusal(flag, length, maxReceiveBytes, this.head.encoding),
    ));
    const at = partial.take(bytes, start, end);
    const { failure, message } = partial;
    if (failure !== undefined) this.#refuse(failure);
    else if (message !== undefined) {
      this.#partial = undefined;
      this.#onMessage(partial.flag, message);
    }
    return at;
  }

  #onMessage(flag: number, message: Buffer): void {
    const plain = flag === 0 ? message : decompressed(message, this.#owner.maxReceiveBytes);
    if (!Buffer.isBuffer(plain)) return this.#refuse(plain);
    if (!this.#paused) return this.#listener?.message(plain);
    (this.#messages ??= new Fifo()).push(plain);
    this.#waiting += PREFIX + plain.length;
  }

  #refuse({ code, message }: StatusError): void {
    this.finish(code, message);
  }

  #reportEnd(): void {
    if (!this.peerEnded || this.#endReported || this.over || this.#messages !== undefined) return;
    this.#endReported = true;
    this.#listener?.end();
  }

  /** Gives back to the client's window what was taken. */
  #returnWindow(): void {
    const taken = this.#received - this.#waiting;
    if (this.peerEnded || taken < this.#owner.windowBytes >> 1) return;
    this.#received -= taken;
    this.#owner.returnWindow(this, taken);
  }
}

/** The status of a call whose deadline has passed, in the words of Go's `context`. */
export const DEADLINE: StatusError = status('DEADLINE_EXCEEDED', 'context deadline exceeded');
