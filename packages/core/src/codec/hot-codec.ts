import type { Codec } from './codec.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

// One of each is enough, because a message is written, or read, without a pause.
const writer = new Writer();
const reader = new Reader();

/** Makes the hand-written codec of one RPC. `response` names the message in errors. */
export function hotCodec<Req, Res>(
  write: (writer: Writer, message: Req) => void,
  response: string,
  read: (reader: Reader) => Res,
): Codec<Req, Res> {
  return {
    encodeRequest(message: Req): Buffer {
      writer.begin();
      write(writer, message);
      return writer.frame();
    },
    decodeResponse(message: Buffer): Res {
      try {
        return read(reader.begin(message, response));
      } finally {
        reader.finish();
      }
    },
  };
}
