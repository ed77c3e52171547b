import type { Http2Call } from './call.ts';
import { ERROR, Http2Error, protocolError } from './errors.ts';
import type { Floods } from './floods.ts';
import type { FrameSink } from './frame-reader.ts';
import type { FrameWriter } from './frame-writer.ts';
import { FLAG, FRAME, LARGEST_31, uint32 } from './frames.ts';
import { HeaderBlock } from './header-block.ts';
import type { Decoder } from './hpack/decoder.ts';
import type { Outgoing } from './outgoing.ts';
import { ResponseHead } from './response-head.ts';
import type { Http2Settings, PeerSettings } from './settings.ts';
import { headersTooLarge, internal } from './status.ts';
import type { Streams } from './streams.ts';

/** How much of a GOAWAY's text is shown. */
const SHOWN = 256;
/** The longest answers to PING and SETTINGS that wait because the peer does not read, in bytes. */
const MAX_BACKLOG = 262_144;

/** The functions by which frames of a connection reach it. */
export interface IncomingOwner {
  /** The first SETTINGS have come. */
  onReady(): void;
  /** The peer's settings have changed: more calls may begin, or more be sent. */
  onSettings(initialWindowChange: number): void;
  /** GOAWAY with an error code and a text: streams above `last` were not processed. */
  onGoAway(last: number, code: number, text: string): void;
}

/** The parts that frames of a connection act on. */
export interface IncomingParts {
  readonly owner: IncomingOwner;
  readonly settings: Http2Settings;
  readonly peer: PeerSettings;
  readonly decoder: Decoder;
  readonly writer: FrameWriter;
  readonly streams: Streams;
  readonly outgoing: Outgoing;
  readonly floods: Floods;
  /** Called when frames wait for a flush. */
  schedule(): void;
}

/** What each frame of the peer means (RFC 9113, 6). It throws `Http2Error` if a rule of the connection is broken. */
export class Incoming implements FrameSink {
  readonly #parts: IncomingParts;
  readonly #head: ResponseHead = new ResponseHead();
  readonly #block: HeaderBlock;
  #type = 0;
  #flags = 0;
  #id = 0;
  /** The call of the DATA frame that is under way. */
  #call: Http2Call | undefined;
  /** How much has come on the connection that was not given back to its window. */
  #received = 0;
  #settled = false;

  constructor(parts: IncomingParts) {
    this.#parts = parts;
    // Compressed, a list may be larger than uncompressed, by very little.
    this.#block = new HeaderBlock(2 * parts.settings.maxHeaderListBytes);
  }

  onHeader(type: number, flags: number, id: number, length: number): void {
    this.#type = type;
    this.#flags = flags;
    this.#id = id;
    // The preface of a server is SETTINGS (RFC 9113, 3.4). Some refuse a connection with GOAWAY at once.
    if (!this.#settled && type !== FRAME.SETTINGS && type !== FRAME.GOAWAY) {
      throw protocolError('the peer does not speak HTTP/2');
    }
    if (this.#block.open && (type !== FRAME.CONTINUATION || id !== this.#block.id)) {
      throw protocolError('a frame within a header block (RFC 9113, 6.10)');
    }
    if (type === FRAME.DATA) this.#beginData(length);
    else if (type > FRAME.CONTINUATION) this.#parts.floods.useless();
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const call = this.#call;
    if (call === undefined) return;
    this.#parts.floods.progress();
    call.onData(bytes, start, end);
  }

  onDataEnd(): void {
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
        return this.#settings(bytes, start, end);
      case FRAME.PING:
        return this.#ping(bytes, start, end);
      case FRAME.GOAWAY:
        return this.#goAway(bytes, start, end);
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
    const { streams, settings, writer, floods } = this.#parts;
    const call = streams.find(this.#id);
    this.#call = call;
    this.#received += length;
    // Also DATA of streams that are over counts (RFC 9113, 6.9 and 5.1).
    if (this.#received > settings.connectionWindowBytes) {
      throw new Http2Error(ERROR.FLOW_CONTROL_ERROR, 'more DATA than the window of the connection');
    }
    if (this.#received >= settings.connectionWindowBytes >>> 1) {
      writer.windowUpdate(0, this.#received);
      this.#received = 0;
      this.#parts.schedule();
    }
    if (call === undefined) streams.late(this.#id, (this.#flags & FLAG.END_STREAM) !== 0);
    if (length === 0 || call === undefined) floods.useless();
    call?.onDataFrame(length);
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
      floods.useless();
      return streams.late(id, ends);
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
    this.#expect(end - start === 4, 'RST_STREAM', end - start);
    const { streams, floods } = this.#parts;
    const call = streams.find(this.#id);
    floods.useless();
    if (call === undefined) streams.lateReset(this.#id);
    else call.onReset(uint32(bytes, start));
  }

  #settings(bytes: Buffer, start: number, end: number): void {
    const { peer, writer, owner, floods } = this.#parts;
    if (this.#id !== 0) throw protocolError('SETTINGS on a stream');
    if ((this.#flags & FLAG.ACK) !== 0) {
      this.#expect(end === start, 'acknowledgement of SETTINGS', end - start);
      if (!this.#settled) throw protocolError('the peer does not speak HTTP/2');
      return floods.useless();
    }
    const { initialWindow } = peer;
    peer.read(bytes, start, end);
    writer.acknowledgeSettings();
    this.#answered();
    owner.onSettings(peer.initialWindow - initialWindow);
    if (this.#settled) return floods.useless();
    this.#settled = true;
    owner.onReady();
  }

  #ping(bytes: Buffer, start: number, end: number): void {
    if (this.#id !== 0) throw protocolError('PING on a stream');
    this.#expect(end - start === 8, 'PING', end - start);
    this.#parts.floods.useless();
    if ((this.#flags & FLAG.ACK) !== 0) return;
    this.#parts.writer.acknowledgePing(bytes, start);
    this.#answered();
  }

  /** Answers that a peer provokes and does not read must not fill the memory (RFC 9113, 10.5). */
  #answered(): void {
    const { writer } = this.#parts;
    if (writer.pending > MAX_BACKLOG) {
      throw new Http2Error(ERROR.ENHANCE_YOUR_CALM, 'the peer does not read the answers that it provokes');
    }
    this.#parts.schedule();
  }

  #goAway(bytes: Buffer, start: number, end: number): void {
    if (this.#id !== 0) throw protocolError('GOAWAY on a stream');
    if (end - start < 8) this.#expect(false, 'GOAWAY', end - start);
    const text = bytes.toString('latin1', start + 8, Math.min(end, start + 8 + SHOWN));
    this.#parts.owner.onGoAway(uint32(bytes, start) & LARGEST_31, uint32(bytes, start + 4), text);
  }

  #windowUpdate(bytes: Buffer, start: number, end: number): void {
    this.#expect(end - start === 4, 'WINDOW_UPDATE', end - start);
    const { streams, outgoing, floods } = this.#parts;
    const increment = uint32(bytes, start) & LARGEST_31;
    floods.useless();
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
    this.#expect(length === 5, 'PRIORITY', length);
  }

  #expect(fits: boolean, frame: string, length: number): void {
    if (!fits) throw new Http2Error(ERROR.FRAME_SIZE_ERROR, `a frame ${frame} of ${length} bytes`);
  }
}
