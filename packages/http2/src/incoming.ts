import {
  ControlFrames,
  type ControlParts,
  type Decoder,
  ERROR,
  expectSize,
  FLAG,
  FRAME,
  FRAME_SIZE,
  FrameReader,
  type FrameSink,
  HeaderBlock,
  Http2Error,
  LARGEST_31,
  protocolError,
  uint32,
} from '@etcdts/framing';
import type { Http2Call } from './call.ts';
import type { Outgoing } from './outgoing.ts';
import { ResponseHead } from './response-head.ts';
import type { Http2Settings } from './settings.ts';
import { headersTooLarge, internal } from './status.ts';
import type { Streams } from './streams.ts';

/** The parts that frames of a connection act on. */
export interface IncomingParts extends ControlParts {
  readonly settings: Http2Settings;
  readonly decoder: Decoder;
  readonly streams: Streams;
  readonly outgoing: Outgoing;
}

/** What each frame of the peer means (RFC 9113, 6). It throws `Http2Error` if a rule of the connection is broken. */
export class Incoming implements FrameSink {
  readonly #parts: IncomingParts;
  readonly #reader: FrameReader = new FrameReader(this);
  readonly #control: ControlFrames;
  readonly #head: ResponseHead = new ResponseHead();
  readonly #block: HeaderBlock;
  #type = 0;
  #flags = 0;
  #id = 0;
  /** The call of the DATA frame that is under way. */
  #call: Http2Call | undefined;
  /** Whether the DATA frame has no content so far. */
  #empty = true;
  /** How much DATA has come on the connection that was not given back to its window. */
  #received = 0;

  constructor(parts: IncomingParts) {
    this.#parts = parts;
    this.#control = new ControlFrames(parts);
    // Compressed, a list may be larger than uncompressed, by very little.
    this.#block = new HeaderBlock(2 * parts.settings.maxHeaderListBytes);
  }

  /** Reads bytes that came. */
  read(bytes: Buffer, length: number): void {
    this.#reader.read(bytes, length);
  }

  /** Ignores all bytes from now on. */
  stop(): void {
    this.#reader.stop();
  }

  onHeader(type: number, flags: number, id: number, length: number): void {
    this.#type = type;
    this.#flags = flags;
    this.#id = id;
    // The preface of a server is SETTINGS (RFC 9113, 3.4). Some refuse a connection with GOAWAY at once.
    if (!this.#control.settled && type !== FRAME.SETTINGS && type !== FRAME.GOAWAY) {
      throw protocolError('the peer does not speak HTTP/2');
    }
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
    if (this.#empty) this.#parts.floods.useless();
    this.#call?.onDataEnd((this.#flags & FLAG.END_STREAM) !== 0);
    this.#call = undefined;
  }

  onPayload(bytes: Buffer, start: number, end: number): void {
    switch (this.#type) {
      case FRAME.HEADERS:
        return this.#headers(bytes, start, end);
      case FRAME.CONTINUATION:
        return this.#continuation(bytes, start, end);
      case FRAME.RST_STREAM:
        return this.#reset(bytes, start, end);
      case FRAME.SETTINGS:
        return this.#control.settings(this.#id, this.#flags, bytes, start, end);
      case FRAME.PING:
        return this.#control.ping(this.#id, this.#flags, bytes, start, end);
      case FRAME.GOAWAY:
        return this.#control.goAway(this.#id, bytes, start, end);
      case FRAME.WINDOW_UPDATE:
        return this.#windowUpdate(bytes, start, end);
      case FRAME.PRIORITY:
        return this.#priority(end - start);
      default:
        // PUSH_PROMISE. Our settings have switched pushes off (RFC 9113, 8.4).
        throw protocolError('PUSH_PROMISE, which is switched off');
    }
  }

  #beginData(length: number): void {
    const { streams, settings, schedule } = this.#parts;
    const call = streams.find(this.#id);
    this.#call = call;
    this.#empty = true;
    // DATA of streams that are over counts as well (RFC 9113, 6.9 and 5.1).
    this.#received += length;
    if (this.#received > settings.connectionWindowBytes) {
      throw new Http2Error(ERROR.FLOW_CONTROL_ERROR, 'more DATA than the window of the connection');
    }
    if (this.#received >= settings.connectionWindowBytes >>> 1) schedule();
    if (call === undefined) streams.late(this.#id, (this.#flags & FLAG.END_STREAM) !== 0);
    else call.onDataFrame(length);
  }

  /** Gives back to the window of the connection what has come. The calls have windows of their own for what nobody reads. */
  returnWindow(): void {
    if (this.#received < this.#parts.settings.connectionWindowBytes >>> 1) return;
    this.#parts.writer.windowUpdate(0, this.#received);
    this.#received = 0;
  }

  #headers(bytes: Buffer, start: number, end: number): void {
    this.#parts.streams.find(this.#id);
    if (this.#block.begin(this.#id, this.#flags, bytes, start, end)) this.#decode();
  }

  #continuation(bytes: Buffer, start: number, end: number): void {
    this.#parts.floods.useless();
    if (this.#block.continue(this.#flags, bytes, start, end)) this.#decode();
  }

  /** Decodes a block, also of a stream that is over, because those that follow depend on it (RFC 9113, 4.3). */
  #decode(): void {
    const { streams, decoder, floods, settings } = this.#parts;
    const { id, ends, bytes, start, end } = this.#block;
    const head = this.#head;
    head.begin();
    const whole = decoder.decode(bytes, start, end, head.add);
    const call = streams.find(id);
    if (call === undefined) {
      // Thousands of calls may be cancelled at once, with their answers on their way.
      if (!streams.lateHead(id, ends)) floods.useless();
      return;
    }
    if (!whole) {
      const details = `the headers of the response have more than ${settings.maxHeaderListBytes} bytes`;
      return call.fail(ERROR.ENHANCE_YOUR_CALM, headersTooLarge(details, 'sent'));
    }
    if (head.httpStatus >= 100 && head.httpStatus < 200) floods.useless();
    else floods.progress();
    call.onHead(head, ends);
  }

  #reset(bytes: Buffer, start: number, end: number): void {
    expectSize(end - start === 4, 'RST_STREAM', end - start);
    const { streams, floods } = this.#parts;
    const call = streams.find(this.#id);
    // Of a call that is under way, there is one at most.
    if (call !== undefined) return call.onReset(uint32(bytes, start));
    if (!streams.lateReset(this.#id)) floods.useless();
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
    if (increment === 0) return call.fail(ERROR.PROTOCOL_ERROR, internal('the server sent a WINDOW_UPDATE of 0'));
    if (!outgoing.addStreamWindow(call, increment)) {
      return call.fail(ERROR.FLOW_CONTROL_ERROR, internal('the server made the window of the stream too large'));
    }
    this.#parts.schedule();
  }

  #priority(length: number): void {
    this.#parts.floods.useless();
    if (this.#id === 0) throw protocolError('PRIORITY of the connection');
    expectSize(length === 5, 'PRIORITY', length);
  }
}
