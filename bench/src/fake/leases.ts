// A port that grants leases and renews them. A lease has the id that the client chose, or the next one.
import { FIRST_REVISION, grpcFrame, header, scalar } from './answers.ts';
import type { Connection, Port, Stream } from './connection.ts';
import { fields, messageReader } from './messages.ts';

/** Ids are far above any time to live: a message whose first field is below is a grant. */
const FIRST_ID = 2n ** 40n;
const MOST_TTL = 2n ** 20n;

/** The leases of one port, and the number of their renewals. */
export interface LeasePort {
  readonly port: Port;
  readonly renewals: () => number;
}

/** A stream and the reader of its requests. */
interface Reader {
  readonly stream: Stream;
  read(data: Buffer): void;
}

/** The two fields of a LeaseGrantRequest, or the id of a LeaseKeepAliveRequest (rpc.proto). */
function leaseRequest(message: Buffer): { readonly ttl: bigint | undefined; readonly id: bigint } {
  let first = 0n;
  let second = 0n;
  fields(message, (field, value) => {
    if (field === 1) first = value;
    if (field === 2) second = value;
  });
  return first < MOST_TTL ? { ttl: first, id: second } : { ttl: undefined, id: first };
}

export function leasePort(ttl: number): LeasePort {
  let nextId = FIRST_ID;
  let renewals = 0;
  const readers = new WeakMap<Connection, Map<number, Reader>>();

  /** The answers to a grant and to a renewal have the same form: header, id, ttl. */
  const onMessage = (connection: Connection, stream: Stream, message: Buffer): void => {
    const request = leaseRequest(message);
    if (request.ttl === undefined) renewals++;
    const id = request.ttl === undefined || request.id !== 0n ? request.id : nextId++;
    connection.send(stream, grpcFrame(header(FIRST_REVISION), scalar(2, id), scalar(3, ttl)));
  };
  const port: Port = {
    large: true,
    onData(connection, id, bytes, start, end) {
      let streams = readers.get(connection);
      if (streams === undefined) readers.set(connection, (streams = new Map()));
      let reader = streams.get(id);
      if (reader === undefined) {
        const stream = connection.open(id);
        reader = { stream, read: messageReader((message) => onMessage(connection, stream, message)) };
        streams.set(id, reader);
        connection.headers(id);
      }
      reader.read(bytes.subarray(start, end));
    },
    onRequest(connection, id) {
      const reader = readers.get(connection)?.get(id);
      readers.get(connection)?.delete(id);
      if (reader !== undefined) connection.end(reader.stream);
    },
  };
  return { port, renewals: () => renewals };
}
