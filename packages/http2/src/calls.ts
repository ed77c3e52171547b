import type { Metadata } from '@etcdts/core';
import type { WireListener } from '@etcdts/core/plugin';
import { ERROR, type FrameWriter, Http2Error } from '@etcdts/framing';
import { Http2Call, type CallOwner } from './call.ts';
import type { Outgoing } from './outgoing.ts';
import type { RequestHeads } from './request-heads.ts';
import { unavailable } from './status.ts';
import type { Streams } from './streams.ts';

/** The parts of a connection that its calls use. */
export interface CallsParts {
  readonly maxReceiveBytes: number;
  readonly messageBuffer: ((length: number) => Buffer) | undefined;
  readonly windowBytes: number;
  readonly heads: RequestHeads;
  readonly streams: Streams;
  readonly outgoing: Outgoing;
  readonly writer: FrameWriter;
  /** Called when something waits for a flush. */
  schedule(): void;
  /** Called when a call is over. */
  onOver(): void;
}

/** The calls of a connection, from their start to their end. */
export class Calls implements CallOwner {
  readonly maxReceiveBytes: number;
  readonly messageBuffer: ((length: number) => Buffer) | undefined;
  readonly windowBytes: number;
  readonly #parts: CallsParts;

  constructor(parts: CallsParts) {
    this.maxReceiveBytes = parts.maxReceiveBytes;
    this.messageBuffer = parts.messageBuffer;
    this.windowBytes = parts.windowBytes;
    this.#parts = parts;
  }

  /** How many calls are under way. */
  get count(): number {
    return this.#parts.streams.open + this.#parts.outgoing.waiting.length;
  }

  /** Adds a call, which begins at the end of the turn if the peer allows it. */
  add(path: string, metadata: Metadata, listener: WireListener, request: Buffer | undefined): Http2Call {
    const call = new Http2Call(this, path, this.#parts.heads.of(metadata), listener, request);
    this.#parts.outgoing.waiting.add(call);
    this.#parts.schedule();
    return call;
  }

  onSend(call: Http2Call): void {
    this.#parts.outgoing.onSend(call);
    this.#parts.schedule();
  }

  unsent(): string {
    return this.#parts.outgoing.reason;
  }

  returnWindow(call: Http2Call, bytes: number): void {
    this.#parts.writer.windowUpdate(call.id, bytes);
    this.#parts.schedule();
  }

  onReset(call: Http2Call, code: number): void {
    const { outgoing, streams, writer } = this.#parts;
    outgoing.forget(call);
    if (call.live) {
      streams.deleteReset(call);
      writer.reset(call.id, code);
    }
    this.#onOver();
  }

  onEnded(call: Http2Call, byReset: boolean): void {
    const { outgoing, streams, writer } = this.#parts;
    outgoing.forget(call);
    streams.delete(call);
    // The peer has answered before our half has ended; without an end, the stream would stay half open (RFC 9113, 8.1).
    if (!byReset && !call.ended) writer.reset(call.id, ERROR.NO_ERROR);
    this.#onOver();
  }

  /** The peer has changed the window with which streams begin. Those that are open change with it (RFC 9113, 6.9.2). */
  changeWindows(change: number): void {
    if (change === 0) return;
    for (const call of this.#parts.streams.all()) {
      if (!this.#parts.outgoing.addStreamWindow(call, change)) {
        throw new Http2Error(ERROR.FLOW_CONTROL_ERROR, 'settings that make the window of a stream too large');
      }
    }
  }

  /** The peer will not process the streams above `last` (RFC 9113, 6.8). A second GOAWAY may name an earlier one. */
  refuseAbove(last: number, details: string): void {
    for (const call of this.#parts.streams.all()) {
      if (call.id <= last) continue;
      this.#forget(call);
      call.refuse(details);
    }
  }

  /**
   * Ends the calls that have not begun, as `unsent`. They end later, when the owner of the connection is done with it, so that they
   * start on another one.
   */
  dismiss(details: string): void {
    const { waiting } = this.#parts.outgoing;
    for (let call = waiting.first; call !== undefined; call = waiting.first) {
      const dismissed = call;
      waiting.remove(dismissed);
      queueMicrotask(() => dismissed.abort(unavailable(details, 'unsent'), true));
    }
  }

  /** Ends the calls that have begun, as `sent`. With `now`, messages that nobody has read are dropped. */
  abort(details: string, now: boolean): void {
    for (const call of this.#parts.streams.all()) {
      this.#forget(call);
      call.abort(unavailable(details, 'sent'), now);
    }
  }

  #forget(call: Http2Call): void {
    this.#parts.streams.delete(call);
    this.#parts.outgoing.forget(call);
  }

  #onOver(): void {
    this.#parts.schedule();
    this.#parts.onOver();
  }
}
