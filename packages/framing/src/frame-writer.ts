import type { Socket } from 'node:net';
import type { Setting } from './settings.ts';
import { FLAG, FRAME, FRAME_HEADER, INITIAL_WINDOW, PREFACE } from './frames.ts';

const SLAB = 65_536;
/** A slab with less room than this is replaced after a flush. */
const LITTLE = 4_096;
/** Payloads up to this size are copied into the slab; a larger one is written from where it is. */
const COPIED = 8_192;
/** Payloads up to this size are copied by a loop, which is faster there than a call of `set`. */
const LOOPED = 48;

/**
 * Writes frames into a slab, and the slab to the socket: one write for all frames of a turn of the event loop. A slab is used again
 * once the socket has taken it.
 */
export class FrameWriter {
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB);
  /** What lies between these in the slab is to be written after the chunks. */
  #start = 0;
  #end = 0;
  #chunks: Buffer[] = [];
  #chunksLength = 0;

  /** How many bytes wait for a flush. */
  get pending(): number {
    return this.#chunksLength + this.#end - this.#start;
  }

  /** The first bytes of a client (RFC 9113, 3.4). */
  preface(): void {
    this.#slab.write(PREFACE, this.#end, 'latin1');
    this.#end += PREFACE.length;
  }

  /** Our settings, and the window of the connection: what follows the preface of a client, and is that of a server (RFC 9113, 3.4). */
  settings(settings: readonly Setting[], connectionWindow: number): void {
    this.#frame(6 * settings.length, FRAME.SETTINGS, 0, 0);
    for (const [id, value] of settings) {
      this.#slab[this.#end++] = id >>> 8;
      this.#slab[this.#end++] = id;
      this.#uint32(value);
    }
    if (connectionWindow > INITIAL_WINDOW) this.windowUpdate(0, connectionWindow - INITIAL_WINDOW);
  }

  /** HEADERS with a whole block, divided if it is larger than a frame (RFC 9113, 6.10). */
  headers(id: number, block: Buffer, frameSize: number, ends: boolean): void {
    const flags = ends ? FLAG.END_STREAM : 0;
    if (block.length <= frameSize) {
      return this.#payload(FRAME.HEADERS, flags | FLAG.END_HEADERS, id, block, 0, block.length);
    }
    this.#payload(FRAME.HEADERS, flags, id, block, 0, frameSize);
    for (let at = frameSize; at < block.length; at += frameSize) {
      const end = Math.min(at + frameSize, block.length);
      this.#payload(FRAME.CONTINUATION, end === block.length ? FLAG.END_HEADERS : 0, id, block, at, end);
    }
  }

  /** DATA. A large payload is not copied: its bytes must not change any more. */
  data(id: number, bytes: Buffer, start: number, end: number, ends: boolean): void {
    this.#payload(FRAME.DATA, ends ? FLAG.END_STREAM : 0, id, bytes, start, end);
  }

  reset(id: number, code: number): void {
    this.#frame(4, FRAME.RST_STREAM, 0, id);
    this.#uint32(code);
  }

  acknowledgeSettings(): void {
    this.#frame(0, FRAME.SETTINGS, FLAG.ACK, 0);
  }

  ping(): void {
    this.#frame(8, FRAME.PING, 0, 0);
    this.#uint32(0);
    this.#uint32(0);
  }

  /** The answer to a PING, with the same payload (RFC 9113, 6.7). */
  acknowledgePing(bytes: Buffer, start: number): void {
    this.#frame(8, FRAME.PING, FLAG.ACK, 0);
    for (let i = 0; i < 8; i++) this.#slab[this.#end++] = bytes[start + i] as number;
  }

  windowUpdate(id: number, increment: number): void {
    this.#frame(4, FRAME.WINDOW_UPDATE, 0, id);
    this.#uint32(increment);
  }

  /** GOAWAY. `last` is the last stream of the peer that was processed, 0 if there is none; `text` is latin1. */
  goAway(code: number, last: number, text: string = ''): void {
    this.#frame(8 + text.length, FRAME.GOAWAY, 0, 0);
    this.#uint32(last);
    this.#uint32(code);
    this.#end += this.#slab.write(text, this.#end, 'latin1');
  }

  /** Writes all that is pending. */
  flush(socket: Socket): void {
    if (this.#chunks.length > 0) {
      this.#cut();
      const chunks = this.#chunks;
      this.#chunks = [];
      this.#chunksLength = 0;
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    } else if (this.#end > this.#start) {
      socket.write(this.#slab.subarray(this.#start, this.#end));
      this.#start = this.#end;
    }
    if (socket.writableLength === 0) this.#start = this.#end = 0;
    else if (SLAB - this.#end < LITTLE) this.#replace();
  }

  #payload(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length > COPIED) {
      this.#header(length, type, flags, id);
      this.#cut();
      this.#chunks.push(bytes.subarray(start, end));
      this.#chunksLength += length;
      return;
    }
    this.#frame(length, type, flags, id);
    const slab = this.#slab;
    let at = this.#end;
    if (length <= LOOPED) for (let i = start; i < end; i++) slab[at++] = bytes[i] as number;
    else {
      slab.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at);
      at += length;
    }
    this.#end = at;
  }

  /** The header of a frame, with room in the slab for its payload. */
  #frame(length: number, type: number, flags: number, id: number): void {
    if (this.#end + FRAME_HEADER + length > SLAB) {
      this.#cut();
      this.#replace();
    }
    this.#header(length, type, flags, id);
  }

  #header(length: number, type: number, flags: number, id: number): void {
    if (this.#end + FRAME_HEADER > SLAB) {
      this.#cut();
      this.#replace();
    }
    const slab = this.#slab;
    const at = this.#end;
    slab[at] = length >>> 16;
    slab[at + 1] = length >>> 8;
    slab[at + 2] = length;
    slab[at + 3] = type;
    slab[at + 4] = flags;
    slab[at + 5] = id >>> 24;
    slab[at + 6] = id >>> 16;
    slab[at + 7] = id >>> 8;
    slab[at + 8] = id;
    this.#end = at + FRAME_HEADER;
  }

  #uint32(value: number): void {
    const slab = this.#slab;
    slab[this.#end++] = value >>> 24;
    slab[this.#end++] = value >>> 16;
    slab[this.#end++] = value >>> 8;
    slab[this.#end++] = value;
  }

  /** Moves what was written into the slab to the chunks. */
  #cut(): void {
    if (this.#end === this.#start) return;
    this.#chunks.push(this.#slab.subarray(this.#start, this.#end));
    this.#chunksLength += this.#end - this.#start;
    this.#start = this.#end;
  }

  #replace(): void {
    this.#slab = Buffer.allocUnsafeSlow(SLAB);
    this.#start = this.#end = 0;
  }
}
