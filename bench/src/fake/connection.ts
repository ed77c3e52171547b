// One HTTP/2 connection of the fake server: settings, pings, flow control in both directions, joined writes. It remembers only the
// streams that wait for room or stay open, so that a small call costs no state.
import type { Duplex } from 'node:stream';
import {
  Flag,
  FrameReader,
  FrameType,
  HEADER_BYTES,
  MAX_FRAME,
  frame,
  windowUpdate,
  writeFrameHeader,
} from './frames.ts';
import { HeaderBlocks } from './hpack.ts';
import { Output } from './output.ts';

const DEFAULT_WINDOW = 65_535;
const SETTINGS_INITIAL_WINDOW = 4;
/** The number of received bytes after which a window is given back. */
const GIVE_BACK = 16_384;

/** One stream, and what waits for its window. */
export interface Stream {
  readonly id: number;
  window: number;
  /** The received bytes whose window has not been given back. */
  received: number;
  /** gRPC frames. `offset` bytes of the first one have been sent. */
  readonly waiting: Buffer[];
  offset: number;
  /** Trailers follow what waits. */
  ending: boolean;
}

/** The functions of a port for the streams of its connections. */
export interface Port {
  /** Whether a request may be larger than a stream's window, so that its stream must be remembered. */
  readonly large?: boolean;
  /** Called when the client has sent its whole request. */
  onRequest?(connection: Connection, id: number): void;
  /** Called with data of a stream, in `bytes` from `start` to `end`, during the call only. */
  onData?(connection: Connection, id: number, bytes: Buffer, start: number, end: number): void;
  /** Called when the client has reset a stream, or the connection is lost, for each stream that was opened. */
  onReset?(connection: Connection, stream: Stream): void;
  /** Called when a window or the socket has room again. */
  onRoom?(connection: Connection): void;
}

export class Connection {
  readonly blocks: HeaderBlocks = new HeaderBlocks();
  readonly output: Output;
  /** The bytes that the peer lets this connection send. */
  window: number = DEFAULT_WINDOW;
  /** The window of a stream that begins. */
  initialWindow: number = DEFAULT_WINDOW;
  private readonly port: Port;
  private readonly streams: Map<number, Stream> = new Map();
  private readonly blocked: Set<Stream> = new Set();
  private received = 0;

  constructor(socket: Duplex, port: Port) {
    this.output = new Output(socket);
    this.port = port;
    const reader = new FrameReader((type, flags, id, bytes, start, end) =>
      this.onFrame(type, flags, id, bytes, start, end),
    );
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.onClose());
    socket.on('drain', () => this.onRoom());
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      this.output.flush();
    });
    this.output.write(frame(FrameType.settings, 0, 0, Buffer.alloc(0)));
    this.output.flush();
  }

  /** Returns a stream, which is remembered from then on. */
  open(id: number): Stream {
    let stream = this.streams.get(id);
    if (stream === undefined) {
      stream = { id, window: this.initialWindow, received: 0, waiting: [], offset: 0, ending: false };
      this.streams.set(id, stream);
    }
    return stream;
  }

  headers(id: number): void {
    this.output.write(frame(FrameType.headers, Flag.endHeaders, id, this.blocks.headers()));
  }

  /** Sends a gRPC frame as windows allow. Headers have been sent. */
  send(stream: Stream, message: Buffer): void {
    stream.waiting.push(message);
    if (stream.waiting.length === 1) this.proceed(stream);
  }

  /** Sends the trailers after what waits. */
  end(stream: Stream): void {
    stream.ending = true;
    this.proceed(stream);
  }

  private proceed(stream: Stream): void {
    const { waiting } = stream;
    for (let message = waiting[0]; message !== undefined; message = waiting[0]) {
      const length = Math.min(message.length - stream.offset, MAX_FRAME, this.window, stream.window);
      if (length <= 0) {
        this.blocked.add(stream);
        return;
      }
      const header = Buffer.allocUnsafe(HEADER_BYTES);
      writeFrameHeader(header, 0, length, FrameType.data, 0, stream.id);
      this.output.write(header);
      this.output.write(message.subarray(stream.offset, stream.offset + length));
      stream.offset += length;
      stream.window -= length;
      this.window -= length;
      if (stream.offset < message.length) continue;
      stream.offset = 0;
      waiting.shift();
    }
    this.blocked.delete(stream);
    if (!stream.ending) return;
    this.streams.delete(stream.id);
    this.output.write(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, stream.id, this.blocks.trailers()));
  }

  private onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    switch (type) {
      case FrameType.headers:
        if (flags & Flag.endStream) this.port.onRequest?.(this, id);
        return;
      case FrameType.data:
        return this.onData(flags, id, bytes, start, end);
      case FrameType.settings:
        if (!(flags & Flag.ack)) this.onSettings(bytes.subarray(start, end));
        return;
      case FrameType.ping:
        if (!(flags & Flag.ack)) this.output.write(frame(FrameType.ping, Flag.ack, 0, bytes.subarray(start, end)));
        return;
      case FrameType.windowUpdate:
        return this.onWindowUpdate(id, bytes.readUInt32BE(start) & 0x7fffffff);
      case FrameType.rstStream:
        return this.onReset(id);
      default:
    }
  }

  private onData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    this.received += size;
    if (this.received >= GIVE_BACK) {
      this.output.write(windowUpdate(0, this.received));
      this.received = 0;
    }
    if (this.port.large && !(flags & Flag.endStream)) this.giveBack(this.open(id), size);
    if (size > 0 && this.port.onData !== undefined) {
      const padding = flags & Flag.padded ? (bytes[start++] ?? 0) : 0;
      this.port.onData(this, id, bytes, start, end - padding);
    }
    if (flags & Flag.endStream) this.port.onRequest?.(this, id);
  }

  private giveBack(stream: Stream, size: number): void {
    stream.received += size;
    if (stream.received < GIVE_BACK) return;
    this.output.write(windowUpdate(stream.id, stream.received));
    stream.received = 0;
  }

  private onSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== SETTINGS_INITIAL_WINDOW) continue;
      const size = payload.readUInt32BE(at + 2);
      for (const stream of this.streams.values()) stream.window += size - this.initialWindow;
      this.initialWindow = size;
    }
    this.output.write(frame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0)));
    this.onRoom();
  }

  private onWindowUpdate(id: number, increment: number): void {
    if (id === 0) {
      this.window += increment;
    } else {
      const stream = this.streams.get(id);
      if (stream === undefined) return;
      stream.window += increment;
    }
    this.onRoom();
  }

  private onRoom(): void {
    for (const stream of this.blocked) this.proceed(stream);
    this.output.flush();
    this.port.onRoom?.(this);
  }

  private onReset(id: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    this.streams.delete(id);
    this.blocked.delete(stream);
    this.port.onReset?.(this, stream);
  }

  private onClose(): void {
    for (const id of this.streams.keys()) this.onReset(id);
  }
}
