// A port that gives one canned answer to every request, as one patched copy if windows allow that.
import type { Connection, Port, Stream } from './connection.ts';
import { Flag, FrameType, frame } from './frames.ts';
import { HeaderBlocks } from './hpack.ts';

const SMALL = 4_096;
const STREAM_ID = 5;

/** Headers, message and trailers of a small answer on a settled connection. The stream ids are patched in. */
function template(message: Buffer): { bytes: Buffer; ids: readonly number[] } {
  const blocks = new HeaderBlocks();
  blocks.headers();
  blocks.trailers();
  const headers = frame(FrameType.headers, Flag.endHeaders, 0, blocks.headers());
  const data = frame(FrameType.data, 0, 0, message);
  const trailers = frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 0, blocks.trailers());
  const ids = [0, headers.length, headers.length + data.length].map((start) => start + STREAM_ID);
  return { bytes: Buffer.concat([headers, data, trailers]), ids };
}

export function unaryPort(message: Buffer): Port {
  const { bytes, ids } = template(message);
  return {
    onRequest(connection: Connection, stream: Stream): void {
      const room = Math.min(connection.window, stream.window);
      if (message.length > Math.min(SMALL, room) || !connection.blocks.settled) {
        connection.headers(stream);
        connection.sendLast(stream, message);
        return;
      }
      const out = Buffer.allocUnsafe(bytes.length);
      bytes.copy(out);
      for (const at of ids) out.writeUInt32BE(stream.id, at);
      connection.window -= message.length;
      connection.streams.delete(stream.id);
      connection.write(out);
    },
  };
}
