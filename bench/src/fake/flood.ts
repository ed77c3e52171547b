// A port whose watches get events as fast as flow control allows, one event per response, until they are cancelled.
import { KEY, VALUE } from '../workload.ts';
import { FIRST_REVISION, LAST_REVISION, bytes, grpcFrame, header, keyValue, scalar, varint } from './answers.ts';
import type { Connection, Port, Stream } from './connection.ts';
import { FrameType, HEADER_BYTES, frame } from './frames.ts';
import { watchRequests } from './watch-request.ts';

/** The number of responses in one write, before data of the client are read again. */
const BURST = 64;
const MARK = FIRST_REVISION + 12_345;

/** One flooded watch. `event` is a DATA frame with one response; `patches` are the offsets of its revisions. */
interface Flood {
  readonly stream: Stream;
  readonly event: Buffer;
  readonly patches: readonly number[];
  revision: number;
}

function eventFrame(stream: Stream, watchId: bigint): Buffer {
  const event = bytes(11, bytes(2, keyValue(KEY, VALUE, MARK)));
  return frame(FrameType.data, 0, stream.id, grpcFrame(header(MARK), scalar(2, watchId), event));
}

function occurrences(haystack: Buffer, needle: Buffer): number[] {
  const found: number[] = [];
  for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, at + 1)) found.push(at);
  return found;
}

function patch(out: Buffer, at: number, revision: number): void {
  out[at] = (revision & 0x7f) | 0x80;
  out[at + 1] = ((revision >> 7) & 0x7f) | 0x80;
  out[at + 2] = ((revision >> 14) & 0x7f) | 0x80;
  out[at + 3] = revision >> 21;
}

/** The floods of one connection. */
class Floods {
  private readonly connection: Connection;
  private readonly running: Map<string, Flood> = new Map();
  private readonly parsers: Map<Stream, ReturnType<typeof watchRequests>> = new Map();
  /** Answers to creates and cancels that wait for room. No event overtakes them. */
  private control: { readonly stream: Stream; readonly message: Buffer }[] = [];
  private assigned = 0n;
  private scheduled = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  onData(stream: Stream, data: Buffer): void {
    let parser = this.parsers.get(stream);
    if (parser === undefined) {
      parser = watchRequests();
      this.parsers.set(stream, parser);
      this.connection.headers(stream);
    }
    for (const request of parser(data)) {
      if (request.type === 'create') this.create(stream, request.watchId);
      if (request.type === 'cancel') this.cancel(stream, request.watchId);
    }
  }

  onReset(stream: Stream): void {
    this.parsers.delete(stream);
    this.control = this.control.filter((waiting) => waiting.stream !== stream);
    for (const [id, flood] of this.running) if (flood.stream === stream) this.running.delete(id);
  }

  /** Closes the server's side after the client's, as etcd does. */
  onEnd(stream: Stream): void {
    if (!this.parsers.has(stream)) this.connection.headers(stream);
    this.onReset(stream);
    this.connection.sendLast(stream, Buffer.alloc(0));
  }

  schedule(): void {
    if (this.scheduled || this.running.size + this.control.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.answer();
      let sent = false;
      if (this.connection.writable && this.control.length === 0) {
        for (const flood of this.running.values()) sent = this.burst(flood) || sent;
      }
      this.connection.flush();
      if (sent) this.schedule();
    });
  }

  private create(stream: Stream, requested: bigint): void {
    const watchId = requested === 0n ? this.assigned++ : requested;
    this.respond(stream, header(FIRST_REVISION - 1), scalar(2, watchId), scalar(3, 1));
    const event = eventFrame(stream, watchId);
    const patches = occurrences(event, varint(MARK));
    this.running.set(`${stream.id}/${watchId}`, { stream, event, patches, revision: FIRST_REVISION });
  }

  private cancel(stream: Stream, watchId: bigint): void {
    const flood = this.running.get(`${stream.id}/${watchId}`);
    if (flood === undefined) return;
    this.running.delete(`${stream.id}/${watchId}`);
    this.respond(stream, header(flood.revision), scalar(2, watchId), scalar(4, 1));
  }

  private respond(stream: Stream, ...message: Buffer[]): void {
    this.control.push({ stream, message: grpcFrame(...message) });
    this.schedule();
  }

  private answer(): void {
    for (let next = this.control[0]; next !== undefined; next = this.control[0]) {
      const { stream, message } = next;
      if (message.length > Math.min(stream.window, this.connection.window)) return;
      stream.window -= message.length;
      this.connection.window -= message.length;
      this.connection.write(frame(FrameType.data, 0, stream.id, message));
      this.control.shift();
    }
  }

  private burst(flood: Flood): boolean {
    const { stream, event, patches } = flood;
    const size = event.length - HEADER_BYTES;
    const room = Math.floor(Math.min(stream.window, this.connection.window) / size);
    const count = Math.min(BURST, room, LAST_REVISION - flood.revision);
    if (count <= 0) return false;
    const out = Buffer.allocUnsafe(count * event.length);
    for (let i = 0; i < count; i++) {
      event.copy(out, i * event.length);
      for (const at of patches) patch(out, i * event.length + at, flood.revision);
      flood.revision++;
    }
    stream.window -= count * size;
    this.connection.window -= count * size;
    this.connection.write(out);
    return true;
  }
}

export function floodPort(): Port {
  const all = new WeakMap<Connection, Floods>();
  const of = (connection: Connection): Floods => {
    const floods = all.get(connection) ?? new Floods(connection);
    all.set(connection, floods);
    return floods;
  };
  return {
    onRequest: (connection, stream) => of(connection).onEnd(stream),
    onData: (connection, stream, data) => of(connection).onData(stream, data),
    onReset: (connection, stream) => of(connection).onReset(stream),
    onRoom: (connection) => of(connection).schedule(),
  };
}
