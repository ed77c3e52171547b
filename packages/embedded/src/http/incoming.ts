import {
  ControlFrames,
  ERROR,
  expectSize,
  FLAG,
  FRAME,
  FRAME_SIZE,
  FrameReader,
  HeaderBlock,
  Http2Error,
  LARGEST_31,
  protocolError,
  uint32,
  type ControlParts,
  type Decoder,
  type FrameSink,
} from '@etcdts/framing';
import type { ServerCall } from './call.ts';
import type { Outgoing } from './outgoing.ts';
import { RequestHead } from './request-head.ts';
import { MAX_HEADER_LIST, WINDOW } from './settings.ts';
import type { Streams } from './streams.ts';

/** The parts that frames of a connection act on. */
export interface IncomingParts extends ControlParts {
  readonly decoder: Decoder;
  readonly streams: Streams;
  readonly outgoing: Outgoing;
  /** A request begins. `ends` is whether it has no messages. */
  onRequest(id: number, head: RequestHead, ends: boolean): void;
  /** A request that cannot become a call ends by RST_STREAM with this code. */
  refuse(id: number, code: number): void;
}

/** What each frame of a client means (RFC 9113, 6). It throws `Http2Error` if a rule of the connection is broken. */
export class Incoming implements FrameSink {
  readonly #parts: IncomingParts;
  readonly #reader: FrameReader = new FrameReader(this);
  readonly #control: ControlFrames;
  readonly #head: RequestHead = new RequestHead();
  // Compressed, a list may be larger than uncompressed, by very little.
  readonly #block: HeaderBlock = new HeaderBlock(2 * MAX_HEADER_LIST);
  #type = 0;
  #flags = 0;
  #id = 0;
  /** Whether the header block that is being received makes its stream depend on itself. */
  #selfish = false;
  /** The call of the DATA frame that is under way. */
  #call: ServerCall | undefined;
  /** Whether the DATA frame has no content so far. */
  #empty = true;
  /** How many RST_STREAM have come. */
  #resets = 0;
  /** How much DATA has come on the connection that was not given back to its window. */
  #received = 0;

  constructor(parts: IncomingParts) {
    this.#parts = parts;
    this.#control = new ControlFrames(parts);
  }

  /** Reads bytes that came. */
  read(bytes: Buffer): void {
    this.#reader.read(bytes, bytes.length);
  }

  /** Ignores all bytes from now on. */
  stop(): void {
    this.#reader.stop();
  }

  onHeader(type: number, flags: number, id: number, length: number): void {
    this.#type = type;
    this.#flags = flags;
    this.#id = id;
    // The preface of a client ends with SETTINGS (RFC 9113, 3.4).
    if (!this.#control.settled && type !== FRAME.SETTINGS) throw protocolError('a preface without SETTINGS');
    if (this.#block.open && (type !== FRAME.CONTINUATION || id !== this.#block.id)) {
      throw protocolError('a frame within a header block (RFC 9113, 6.10)');
    }
    // RFC 9113, 4.2.
    if (length > FRAME_SIZE) throw new Http2Error(ERROR.FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
    if (type === FRAME.DATA) this.#beginData(length);
    else if (type > FRAME.CONTINUATION) this.#parts.floods.useless();
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.#empty = false;
    const call = this.#call;
    if (call === undefined) return;
    this.#parts.floods.progress();
    call.onData(bytes, start, end);
  }

  onDataEnd(): void {
    const ends = (this.#flags & FLAG.END_STREAM) !== 0;
    if (this.#empty && !ends) this.#parts.floods.useless();
    this.#call?.onDataEnd(ends);
    this.#call = undefined;
  }

  onPayload(bytes: Buffer, start: number, end: number): void {
    switch (this.#type) {
      case FRAME.HEADERS:
        return this.#headers(bytes, start, end);
      case FRAME.CONTINUATION:
        return this.#continuation(bytes, start, end);
      case FRAME.RST_STREAM:
        return this.#reset(start, end);
      case FRAME.SETTINGS:
        return this.#control.settings(this.#id, this.#flags, bytes, start, end);
      case FRAME.PING:
        return this.#control.ping(this.#id, this.#flags, bytes, start, end);
      case FRAME.GOAWAY:
        return this.#control.goAway(this.#id, bytes, start, end);
      case FRAME.WINDOW_UPDATE:
        return this.#windowUpdate(bytes, start, end);
      case FRAME.PRIORITY:
        return this.#priority(bytes, start, end);
      default:
        // PUSH_PROMISE (RFC 9113, 8.4).
        throw protocolError('PUSH_PROMISE of a client');
    }
  }

  /** Gives back to the window of the connection what has come. The calls have windows of their own for what waits. */
  returnWindow(): void {
    if (this.#received < WINDOW.CONNECTION >>> 1) return;
    this.#parts.writer.windowUpdate(0, this.#received);
    this.#received = 0;
  }

  #beginData(length: number): void {
    const { streams, schedule } = this.#parts;
    const ends = (this.#flags & FLAG.END_STREAM) !== 0;
    const call = streams.find(this.#id);
    this.#call = call;
    this.#empty = true;
    // DATA of streams that are over counts as well (RFC 9113, 6.9 and 5.1).
    this.#received += length;
    if (this.#received > WINDOW.CONNECTION) {
      throw new Http2Error(ERROR.FLOW_CONTROL_ERROR, 'more DATA than the window of the connection');
    }
    if (this.#received >= WINDOW.CONNECTION >>> 1) schedule();
    if (call === undefined) streams.late(this.#id, ends);
    else call.onDataFrame(length);
  }

  #headers(bytes: Buffer, start: number, end: number): void {
    const padded = (this.#flags & FLAG.PADDED) === 0 ? 0 : 1;
    this.#selfish = (this.#flags & FLAG.PRIORITY) !== 0 && this.#dependsOnItself(bytes, start + padded, end);
    if ((this.#id & 1) === 0) throw protocolError(`HEADERS of stream ${this.#id}, which no client opens`);
    if (!this.#parts.streams.isNew(this.#id)) this.#parts.streams.find(this.#id);
    if (this.#block.begin(this.#id, this.#flags, bytes, start, end)) this.#decode();
  }

  #continuation(bytes: Buffer, start: number, end: number): void {
    this.#parts.floods.useless();
    if (this.#block.continue(this.#flags, bytes, start, end)) this.#decode();
  }

  /** Decodes a block, also of a stream that is over, because those that follow depend on it (RFC 9113, 4.3). */
  #decode(): void {
    const { streams, decoder, floods, onRequest } = this.#parts;
    const { id, ends, bytes, start, end } = this.#block;
    const head = this.#head;
    head.begin();
    const whole = decoder.decode(bytes, start, end, head.add);
    if (!streams.isNew(id)) return this.#trailers(id, head, whole, ends);
    floods.progress();
    const { method, scheme, path } = head;
    // grpc-go's code for a list that is too large.
    if (!whole) return this.#refuse(id, ERROR.FRAME_SIZE_ERROR);
    if (
      this.#selfish ||
      head.malformed !== undefined ||
      !method ||
      !scheme ||
      !path ||
      (ends && head.contentLength > 0)
    )
      return this.#refuse(id, ERROR.PROTOCOL_ERROR);
    onRequest(id, head, ends);
  }

  #refuse(id: number, code: number): void {
    this.#parts.streams.note(id);
    this.#parts.refuse(id, code);
  }

  /** The second header block of a request, which ends it (RFC 9113, 8.1). gRPC has no fields there. */
  #trailers(id: number, head: RequestHead, whole: boolean, ends: boolean): void {
    const { streams, floods } = this.#parts;
    const call = streams.find(id);
    if (call === undefined) {
      if (!streams.lateHead(id, ends)) floods.useless();
      return;
    }
    if (call.peerEnded) return call.reset(ERROR.STREAM_CLOSED);
    if (!ends || !whole || this.#selfish || head.malformed !== undefined || head.pseudo) {
      return call.reset(ERROR.PROTOCOL_ERROR);
    }
    call.onEnd();
  }

  #reset(start: number, end: number): void {
    expectSize(end - start === 4, 'RST_STREAM', end - start);
    const { streams, outgoing, floods } = this.#parts;
    const call = streams.find(this.#id);
    // However many calls a client cancels, also those that are answered already, that is its right; each only once.
    if (++this.#resets > streams.opened) floods.useless();
    if (call === undefined) {
      streams.lateReset(this.#id);
      return;
    }
    outgoing.forget(call);
    streams.delete(call);
    call.lost();
  }

  #windowUpdate(bytes: Buffer, start: number, end: number): void {
    expectSize(end - start === 4, 'WINDOW_UPDATE', end - start);
    const { streams, outgoing, floods } = this.#parts;
    const increment = uint32(bytes, start) & LARGEST_31;
    floods.windowUpdate();
    if (this.#id === 0) {
      // RFC 9113, 6.9.
      if (increment === 0) throw protocolError('a WINDOW_UPDATE of 0');
      outgoing.addWindow(increment);
      return this.#parts.schedule();
    }
    const call = streams.find(this.#id);
    if (call === undefined) return;
    if (increment === 0) return call.reset(ERROR.PROTOCOL_ERROR);
    if (!outgoing.addStreamWindow(call, increment)) return call.reset(ERROR.FLOW_CONTROL_ERROR);
    this.#parts.schedule();
  }

  /** PRIORITY may name any stream (RFC 9113, 6.3). */
  #priority(bytes: Buffer, start: number, end: number): void {
    this.#parts.floods.useless();
    if (this.#id === 0) throw protocolError('PRIORITY of the connection');
    expectSize(end - start === 5, 'PRIORITY', end - start);
    if (!this.#dependsOnItself(bytes, start, end)) return;
    const call = this.#parts.streams.isNew(this.#id) ? undefined : this.#parts.streams.find(this.#id);
    if (call === undefined) throw protocolError('a stream that depends on itself');
    call.reset(ERROR.PROTOCOL_ERROR);
  }

  /** RFC 7540, 5.3.1. */
  #dependsOnItself(bytes: Buffer, start: number, end: number): boolean {
    return end - start >= 4 && (uint32(bytes, start) & LARGEST_31) === this.#id;
  }
}
