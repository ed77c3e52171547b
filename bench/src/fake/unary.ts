// A port that gives one canned answer to every request, as one patched copy if windows allow that.
import type { Connection, Port } from './connection.ts';
import { Flag, FrameType, frame } from './frames.ts';
import { HeaderBlocks } from './hpack.ts';

const SMALL = 4_096;
const STREAM_ID = 5;

/** An answer whose headers and trailers are in a connection's table. Stream ids are patched into it. */
export class Answer {
  private readonly message: Buffer;
  private readonly template: Buffer;
  private readonly ids: readonly number[];

  /** `message` is a gRPC frame. */
  constructor(message: Buffer) {
    const blocks = new HeaderBlocks();
    blocks.headers();
    blocks.trailers();
    const headers = frame(FrameType.headers, Flag.endHeaders, 0, blocks.headers());
    const data = frame(FrameType.data, 0, 0, message.length > SMALL ? Buffer.alloc(0) : message);
    const trailers = frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 0, blocks.trailers());
    this.message = message;
    this.template = Buffer.concat([headers, data, trailers]);
    this.ids = [0, headers.length, headers.length + data.length].map((start) => start + STREAM_ID);
  }

  send(connection: Connection, id: number, remembered: boolean): void {
    const { message } = this;
    const room = Math.min(connection.window, connection.initialWindow);
    if (remembered || message.length > Math.min(SMALL, room) || !connection.blocks.settled) {
      const stream = connection.open(id);
      connection.headers(id);
      connection.send(stream, message);
      connection.end(stream);
      return;
    }
    connection.window -= message.length;
    connection.output.writePatched(this.template, this.ids, id);
  }
}

/** Makes the port. With `large`, requests may be larger than a stream's window. */
export function unaryPort(message: Buffer, large = false): Port {
  const answer = new Answer(message);
  return { large, onRequest: (connection, id) => answer.send(connection, id, large) };
}
