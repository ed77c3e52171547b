// A port whose watches get events as fast as flow control allows, until they are cancelled.
import { FIRST_REVISION, LAST_REVISION, grpcFrame, header, scalar } from './answers.ts';
import type { Connection, Port, Stream } from './connection.ts';
import { EventBlock } from './event-block.ts';
import { messageReader } from './messages.ts';
import { watchRequest } from './watch-request.ts';

/** The number of events in one write, before data of the client are read again. */
const BURST = 100;

/** One flooded watch. */
interface Flood {
  readonly stream: Stream;
  readonly block: EventBlock;
  revision: number;
}

/** A stream and the reader of its requests. */
interface Reader {
  readonly stream: Stream;
  read(data: Buffer): void;
}

/** The floods of one connection. */
class Floods {
  private readonly connection: Connection;
  private readonly events: number;
  private readonly running: Map<string, Flood> = new Map();
  private readonly readers: Map<number, Reader> = new Map();
  private assigned = 0n;
  private scheduled = false;

  constructor(connection: Connection, events: number) {
    this.connection = connection;
    this.events = events;
  }

  onData(id: number, data: Buffer): void {
    let reader = this.readers.get(id);
    if (reader === undefined) {
      const stream = this.connection.open(id);
      reader = { stream, read: messageReader((message) => this.onMessage(stream, message)) };
      this.readers.set(id, reader);
      this.connection.headers(id);
    }
    reader.read(data);
  }

  onReset({ id }: Stream): void {
    this.readers.delete(id);
    for (const [key, flood] of this.running) if (flood.stream.id === id) this.running.delete(key);
  }

  /** Closes the server's side after the client's, as etcd does. */
  onEnd(id: number): void {
    const reader = this.readers.get(id);
    if (reader === undefined) return;
    this.onReset(reader.stream);
    this.connection.end(reader.stream);
  }

  schedule(): void {
    if (this.scheduled || this.running.size === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      let sent = false;
      if (this.connection.output.writable) {
        for (const flood of this.running.values()) sent = this.burst(flood) || sent;
      }
      if (sent) this.schedule();
    });
  }

  private onMessage(stream: Stream, message: Buffer): void {
    const { type, watchId } = watchRequest(message);
    if (type === 'create') this.create(stream, watchId);
    if (type === 'cancel') this.cancel(stream, watchId);
  }

  private create(stream: Stream, requested: bigint): void {
    const watchId = requested === 0n ? this.assigned++ : requested;
    this.connection.send(stream, grpcFrame(header(FIRST_REVISION - 1), scalar(2, watchId), scalar(3, 1)));
    const block = new EventBlock(stream.id, watchId, { messages: BURST / this.events, events: this.events });
    this.running.set(`${stream.id}/${watchId}`, { stream, block, revision: FIRST_REVISION });
    this.schedule();
  }

  private cancel(stream: Stream, watchId: bigint): void {
    const flood = this.running.get(`${stream.id}/${watchId}`);
    if (flood === undefined) return;
    this.running.delete(`${stream.id}/${watchId}`);
    this.connection.send(stream, grpcFrame(header(flood.revision), scalar(2, watchId), scalar(4, 1)));
  }

  /** Sends as many events as there is room for. None overtakes the answer to a create. */
  private burst(flood: Flood): boolean {
    const { stream, block } = flood;
    const room = Math.floor(Math.min(stream.window, this.connection.window) / block.messageBytes);
    const left = Math.floor((LAST_REVISION - flood.revision) / block.events);
    const count = Math.min(block.messages, room, left);
    if (count <= 0 || stream.waiting.length > 0) return false;
    if (!this.connection.output.writeNow(block.fill(count, flood.revision))) block.renew();
    flood.revision += count * block.events;
    stream.window -= count * block.messageBytes;
    this.connection.window -= count * block.messageBytes;
    return true;
  }
}

/** Makes a port whose responses have that many events, 1 or 100. */
export function floodPort(events: 1 | 100): Port {
  const all = new WeakMap<Connection, Floods>();
  const of = (connection: Connection): Floods => {
    const floods = all.get(connection) ?? new Floods(connection, events);
    all.set(connection, floods);
    return floods;
  };
  return {
    large: true,
    onRequest: (connection, id) => of(connection).onEnd(id),
    onData: (connection, id, bytes, start, end) => of(connection).onData(id, bytes.subarray(start, end)),
    onReset: (connection, stream) => of(connection).onReset(stream),
    onRoom: (connection) => of(connection).schedule(),
  };
}
