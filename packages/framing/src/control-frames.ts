import { ERROR, expectSize, Http2Error, protocolError } from './errors.ts';
import type { Floods } from './floods.ts';
import type { FrameWriter } from './frame-writer.ts';
import { FLAG, LARGEST_31, uint32 } from './frames.ts';
import type { PeerSettings } from './settings.ts';

/** How much of a GOAWAY's text is shown. */
const SHOWN = 256;
/** How much may wait for a peer that provokes answers and does not read them, in bytes. */
const MAX_BACKLOG = 262_144;

/** The functions by which frames of a connection reach it. */
export interface ControlOwner {
  /** The first SETTINGS have come. */
  onReady(): void;
  /** The peer's settings have changed: more calls may begin, or more be sent. */
  onSettings(initialWindowChange: number): void;
  /** GOAWAY with an error code and a text: streams above `last` were not processed. */
  onGoAway(last: number, code: number, text: string): void;
}

/** The parts that these frames act on. */
export interface ControlParts {
  readonly owner: ControlOwner;
  readonly peer: PeerSettings;
  readonly writer: FrameWriter;
  readonly floods: Floods;
  /** Called when frames wait for a flush. */
  schedule(): void;
}

/** The frames that are about the whole connection: SETTINGS, PING and GOAWAY (RFC 9113, 6.5, 6.7 and 6.8). */
export class ControlFrames {
  readonly #parts: ControlParts;
  /** Whether the first SETTINGS have come. */
  settled = false;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  settings(id: number, flags: number, bytes: Buffer, start: number, end: number): void {
    const { peer, writer, owner, floods } = this.#parts;
    if (id !== 0) throw protocolError('SETTINGS on a stream');
    if ((flags & FLAG.ACK) !== 0) {
      expectSize(end === start, 'acknowledgement of SETTINGS', end - start);
      if (!this.settled) throw protocolError('the peer does not speak HTTP/2');
      return floods.useless();
    }
    const { initialWindow } = peer;
    peer.read(bytes, start, end);
    writer.acknowledgeSettings();
    this.#answered();
    owner.onSettings(peer.initialWindow - initialWindow);
    if (this.settled) return floods.useless();
    this.settled = true;
    owner.onReady();
  }

  ping(id: number, flags: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw protocolError('PING on a stream');
    expectSize(end - start === 8, 'PING', end - start);
    this.#parts.floods.useless();
    if ((flags & FLAG.ACK) !== 0) return;
    this.#parts.writer.acknowledgePing(bytes, start);
    this.#answered();
  }

  goAway(id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw protocolError('GOAWAY on a stream');
    expectSize(end - start >= 8, 'GOAWAY', end - start);
    const text = bytes.toString('latin1', start + 8, Math.min(end, start + 8 + SHOWN));
    this.#parts.owner.onGoAway(uint32(bytes, start) & LARGEST_31, uint32(bytes, start + 4), text);
  }

  /** Answers that a peer provokes and does not read must not fill the memory (RFC 9113, 10.5). */
  #answered(): void {
    if (this.#parts.writer.pending > MAX_BACKLOG) {
      throw new Http2Error(ERROR.ENHANCE_YOUR_CALM, 'the peer does not read the answers that it provokes');
    }
    this.#parts.schedule();
  }
}
