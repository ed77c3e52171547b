// One HTTP/2 connection of the fake server: settings, pings, flow control in both directions, streams, joined writes.
import type { Socket } from 'node:net';
import { Flag, FrameReader, FrameType, HEADER_BYTES, frame, windowUpdate, writeFrameHeader } from './frames.ts';
import { HeaderBlocks } from './hpack.ts';

const MAX_FRAME = 16_384;
const DEFAULT_WINDOW = 65_535;
const SETTINGS_INITIAL_WINDOW = 4;
/** The size up to which a copy of all pieces into one write is cheaper than one write for each. */
const JOINED = 16_384;
/** The number of received bytes after which the peer gets its window back. */
const GIVE_BACK = 16_384;

/** One stream, and its bytes that wait for its window. */
export interface Stream {
  readonly id: number;
  window: number;
  received: number;
  waiting: Buffer | undefined;
  offset: number;
}

/** The functions of a port for the streams of its connections. */
export interface Port {
  /** Called when the client has sent its whole request. */
  onRequest?(connection: Connection, stream: Stream): void;
  onData?(connection: Connection, stream: Stream, data: Buffer): void;
  onReset?(connection: Connection, stream: Stream): void;
  /** Called when a window or the socket has room again. */
  onRoom?(connection: Connection): void;
}

export class Connection {
  readonly blocks: HeaderBlocks = new HeaderBlocks();
  readonly streams: Map<number, Stream> = new Map();
  /** The bytes that the peer lets this connection send. */
  window: number = DEFAULT_WINDOW;
  private readonly socket: Socket;
  private readonly port: Port;
  private initialWindow = DEFAULT_WINDOW;
  private received = 0;
  private out: Buffer[] = [];
  private readonly blocked: Set<Stream> = new Set();

  constructor(socket: Socket, port: Port) {
    this.socket = socket;
    this.port = port;
    const reader = new FrameReader((type, flags, stream, payload) => this.onFrame(type, flags, stream, payload));
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.onClose());
    socket.on('drain', () => this.onRoom());
    socket.on('data', (chunk) => {
      reader.push(chunk);
      this.flush();
    });
    this.write(frame(FrameType.settings, 0, 0, Buffer.alloc(0)));
    this.flush();
  }

  /** Whether the socket accepts more without a queue. */
  get writable(): boolean {
    return !this.socket.destroyed && !this.socket.writableNeedDrain;
  }

  write(bytes: Buffer): void {
    this.out.push(bytes);
  }

  /** Sends the bytes since the last flush, as one write. */
  flush(): void {
    if (this.out.length === 0) return;
    const out = this.out;
    this.out = [];
    if (this.socket.destroyed) return;
    if (out.reduce((sum, bytes) => sum + bytes.length, 0) <= JOINED) {
      this.socket.write(Buffer.concat(out));
      return;
    }
    this.socket.cork();
    for (const bytes of out) this.socket.write(bytes);
    this.socket.uncork();
  }

  headers(stream: Stream): void {
    this.write(frame(FrameType.headers, Flag.endHeaders, stream.id, this.blocks.headers()));
  }

  /** Sends one message as windows allow, then the trailers. Headers have been sent. */
  sendLast(stream: Stream, message: Buffer): void {
    stream.waiting = message;
    stream.offset = 0;
    this.proceed(stream);
  }

  private proceed(stream: Stream): void {
    const message = stream.waiting;
    if (message === undefined) return;
    while (stream.offset < message.length) {
      const length = Math.min(message.length - stream.offset, MAX_FRAME, this.window, stream.window);
      if (length <= 0) {
        this.blocked.add(stream);
        return;
      }
      const header = Buffer.allocUnsafe(HEADER_BYTES);
      writeFrameHeader(header, 0, length, FrameType.data, 0, stream.id);
      this.write(header);
      this.write(message.subarray(stream.offset, stream.offset + length));
      stream.offset += length;
      stream.window -= length;
      this.window -= length;
    }
    this.blocked.delete(stream);
    this.streams.delete(stream.id);
    this.write(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, stream.id, this.blocks.trailers()));
  }

  private onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case FrameType.headers: {
        const stream = { id, window: this.initialWindow, received: 0, waiting: undefined, offset: 0 };
        this.streams.set(id, stream);
        if (flags & Flag.endStream) this.port.onRequest?.(this, stream);
        return;
      }
      case FrameType.data:
        return this.onData(flags, id, payload);
      case FrameType.settings:
        if (!(flags & Flag.ack)) this.onSettings(payload);
        return;
      case FrameType.ping:
        if (!(flags & Flag.ack)) this.write(frame(FrameType.ping, Flag.ack, 0, payload));
        return;
      case FrameType.windowUpdate:
        return this.onWindowUpdate(id, payload.readUInt32BE() & 0x7fffffff);
      case FrameType.rstStream:
        return this.onReset(id);
      default:
    }
  }

  private onData(flags: number, id: number, payload: Buffer): void {
    this.received += payload.length;
    if (this.received >= GIVE_BACK) {
      this.write(windowUpdate(0, this.received));
      this.received = 0;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    stream.received += payload.length;
    if (stream.received >= GIVE_BACK) {
      this.write(windowUpdate(id, stream.received));
      stream.received = 0;
    }
    const data = flags & Flag.padded ? payload.subarray(1, payload.length - (payload[0] ?? 0)) : payload;
    if (data.length > 0) this.port.onData?.(this, stream, data);
    if (flags & Flag.endStream) this.port.onRequest?.(this, stream);
  }

  private onSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== SETTINGS_INITIAL_WINDOW) continue;
      const size = payload.readUInt32BE(at + 2);
      for (const stream of this.streams.values()) stream.window += size - this.initialWindow;
      this.initialWindow = size;
    }
    this.write(frame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0)));
    this.onRoom();
  }

  private onWindowUpdate(id: number, increment: number): void {
    if (id === 0) {
      this.window += increment;
    } else {
      const stream = this.streams.get(id);
      if (stream !== undefined) stream.window += increment;
    }
    this.onRoom();
  }

  private onRoom(): void {
    for (const stream of this.blocked) this.proceed(stream);
    this.flush();
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
