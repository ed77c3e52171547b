import type { WireCall, WireListener, WireStatus } from '@etcdts/core/plugin';
import { copied, ERROR, Fifo, PartialMessage, PREFIX, SendingHalf, type SendingOwner, uint32 } from '@etcdts/framing';
import { reportEnd, reportMessage } from './report.ts';
import type { RequestHead } from './request-heads.ts';
import type { ResponseHead } from './response-head.ts';
import { httpStatus, internal, noStatus, refusal, resetStatus, trailersStatus, unavailable } from './status.ts';

/** What a call needs of its connection. */
export interface CallOwner extends SendingOwner {
  readonly maxReceiveBytes: number;
  /** Makes the Buffer of a message. */
  readonly messageBuffer: ((length: number) => Buffer) | undefined;
  /** The window of a stream. */
  readonly windowBytes: number;
  /** Why nothing of a call that has not begun has left. */
  unsent(): string;
  /** Allows the peer to send so many bytes more. */
  returnWindow(call: Http2Call, bytes: number): void;
  /** The call ends here before the peer has ended it: RST_STREAM with this code, or nothing if the call has not begun. */
  onReset(call: Http2Call, code: number): void;
  /** The peer has ended the call, by the end of its half or by RST_STREAM. */
  onEnded(call: Http2Call, byReset: boolean): void;
}

/** One call: a stream of HTTP/2 (RFC 9113, 5.1), or one that waits for its turn to become one. */
export class Http2Call extends SendingHalf implements WireCall {
  readonly path: string;
  readonly head: RequestHead;
  readonly #owner: CallOwner;
  /** Whether the request was given whole, and all messages are reported without `read`. */
  readonly #whole: boolean;
  /** `undefined` once nothing is to be reported any more. */
  #listener: WireListener | undefined;

  #wanted = 0;
  #messages: Fifo<Buffer> | undefined;
  #reporting = false;
  #partial: PartialMessage<WireStatus> | undefined;
  /** What has come and was not given back to the peer's window. */
  #received = 0;
  /** The part of that which lies in messages that nobody has read. */
  #unread = 0;
  #answered = false;
  /** How much of `content-length` is still to come; -1 if there is none. */
  #contentLeft = -1;
  #status: WireStatus | undefined;

  constructor(owner: CallOwner, path: string, head: RequestHead, listener: WireListener, request: Buffer | undefined) {
    super(owner, request);
    this.path = path;
    this.head = head;
    this.#owner = owner;
    this.#listener = listener;
    this.#whole = request !== undefined;
  }

  get unsent(): string | undefined {
    return this.id === 0 && this.#listener !== undefined ? this.#owner.unsent() : undefined;
  }

  read(): void {
    if (this.#listener === undefined) return;
    this.#wanted++;
    if (this.#messages !== undefined) this.#report(this.#messages);
    if (this.live) this.#returnWindow();
  }

  cancel(): void {
    if (this.#listener === undefined) return;
    this.#listener = undefined;
    this.#messages = undefined;
    this.#release();
    this.#owner.onReset(this, ERROR.CANCEL);
  }

  /** DATA of this length begins, its padding included. */
  onDataFrame(length: number): void {
    this.#received += length;
    // RFC 9113, 6.9.1.
    if (this.#received > this.#owner.windowBytes) {
      this.#fail(ERROR.FLOW_CONTROL_ERROR, internal('the server sent more than the window of the stream'));
    } else if (!this.#answered) {
      this.#fail(ERROR.PROTOCOL_ERROR, internal('the server sent DATA before headers'));
    }
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (!this.live) return;
    if (this.#contentLeft >= 0 && (this.#contentLeft -= end - start) < 0) return this.#badLength();
    const limit = this.#owner.maxReceiveBytes;
    let at = start;
    while (at < end && this.live) {
      if (this.#partial === undefined && end - at >= PREFIX) {
        const length = uint32(bytes, at + 1);
        const refused = refusal(bytes[at] as number, length, limit);
        if (refused !== undefined) return this.#fail(ERROR.CANCEL, refused);
        const from = at + PREFIX;
        if (end - from >= length) {
          at = from + length;
          this.#onMessage(copied(bytes, from, at));
          continue;
        }
      }
      const partial = (this.#partial ??= new PartialMessage<WireStatus>(
        (flag, length) => refusal(flag, length, limit),
        this.#owner.messageBuffer,
      ));
      at = partial.take(bytes, at, end);
      if (partial.failure !== undefined) return this.#fail(ERROR.CANCEL, partial.failure);
      const { message } = partial;
      if (message === undefined) continue;
      this.#partial = undefined;
      this.#onMessage(message);
    }
  }

  onDataEnd(ends: boolean): void {
    if (!this.live) return;
    if (!ends) return this.#returnWindow();
    // gRPC ends a stream by trailers.
    this.#end(internal('the server ended the stream without a status'));
  }

  /** A header block of the response (RFC 9113, 8.1): informational ones, the head, the trailers. */
  onHead(head: ResponseHead, ends: boolean): void {
    const { malformed, httpStatus: status } = head;
    if (malformed !== undefined) return this.#malformed(malformed);
    if (this.#answered) {
      if (status !== 0) return this.#malformed('has a :status in its trailers');
      if (!ends) return this.#malformed('has trailers that do not end it');
      return this.#trailers(head);
    }
    if (status === 0) return this.#malformed('has no :status');
    if (status < 200) {
      // RFC 9113, 8.1 and 8.6.
      if (ends || status === 101) this.#malformed(`has an informational status of ${status}`);
      return;
    }
    this.#answered = true;
    this.#contentLeft = head.contentLength;
    // The status of gRPC counts before that of HTTP.
    if (ends && head.grpcStatus !== undefined) return this.#trailers(head);
    if (head.isGrpc) return ends ? this.#trailers(head) : undefined;
    if (ends) this.#end(httpStatus(status, head.contentType));
    else this.#fail(ERROR.CANCEL, httpStatus(status, head.contentType));
  }

  /** RST_STREAM. */
  onReset(code: number): void {
    this.#end(resetStatus(code, this.#answered), true);
  }

  /** Ends the call for a reason of the connection. With `now`, messages that nobody has read are dropped. */
  abort(status: WireStatus, now: boolean): void {
    if (now) this.#messages = undefined;
    this.#release();
    this.#over(status);
  }

  /** Ends the call because the peer has not processed it. That is not believed once it has begun to answer. */
  refuse(details: string): void {
    this.abort(unavailable(details, this.#answered ? 'sent' : 'refused'), false);
  }

  /** Ends the call because the peer breaks a rule, with RST_STREAM. */
  fail(code: number, status: WireStatus): void {
    this.#fail(code, status);
  }

  #trailers(head: ResponseHead): void {
    if (this.#contentLeft > 0) return this.#badLength();
    const status = head.grpcStatus === undefined ? noStatus() : trailersStatus(head.grpcStatus, head.message);
    const cut = this.#partial !== undefined && status.code === 0;
    this.#end(cut ? internal('the server ended the stream within a message') : status);
  }

  #badLength(): void {
    this.#malformed('has another length than its content-length');
  }

  /** RFC 9113, 8.1.1. */
  #malformed(why: string): void {
    this.#fail(ERROR.PROTOCOL_ERROR, internal(`the response ${why}`));
  }

  #fail(code: number, status: WireStatus): void {
    this.#release();
    this.#owner.onReset(this, code);
    this.#over(status);
  }

  /** The peer has ended its half, or the whole stream. */
  #end(status: WireStatus, byReset = false): void {
    this.#release();
    this.#owner.onEnded(this, byReset);
    this.#over(status);
  }

  /** Drops what is not needed once nothing is sent or received any more. */
  #release(): void {
    this.stopSending();
    this.#partial = undefined;
  }

  #onMessage(message: Buffer): void {
    if (this.#whole) return this.#deliver(message);
    if (this.#wanted > 0) {
      this.#wanted--;
      return this.#deliver(message);
    }
    (this.#messages ??= new Fifo()).push(message);
    this.#unread += PREFIX + message.length;
  }

  /** Reports what was read for, and the end after all messages. A listener may read again meanwhile, or cancel. */
  #report(messages: Fifo<Buffer>): void {
    if (this.#reporting) return;
    this.#reporting = true;
    while (this.#wanted > 0 && messages.length > 0) {
      const message = messages.shift() as Buffer;
      this.#wanted--;
      this.#unread -= PREFIX + message.length;
      this.#deliver(message);
    }
    this.#reporting = false;
    if (this.#messages !== messages || messages.length > 0) return;
    this.#messages = undefined;
    if (this.#status !== undefined) this.#over(this.#status);
  }

  #deliver(message: Buffer): void {
    if (this.#listener !== undefined) reportMessage(this.#listener, message);
  }

  #over(status: WireStatus): void {
    this.#status = status;
    const listener = this.#listener;
    if (listener === undefined || this.#messages !== undefined) return;
    this.#listener = undefined;
    reportEnd(listener, status);
  }

  /** Gives back to the peer's window what was read, or belongs to a message that is being read. */
  #returnWindow(): void {
    const unread = this.#partial !== undefined && this.#wanted === 0 && !this.#whole ? this.#partial.received : 0;
    const taken = this.#received - this.#unread - unread;
    if (taken < this.#owner.windowBytes >> 1) return;
    this.#received -= taken;
    this.#owner.returnWindow(this, taken);
  }
}
