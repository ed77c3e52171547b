import { protocolError, StreamTable } from '@etcdts/framing';
import type { ServerCall } from './call.ts';

/** How many gaps between the ids of streams are remembered. */
const GAPS = 64;

/** The streams of a connection, which the client opens: their ids are odd, and each is above all before (RFC 9113, 5.1.1). */
export class Streams extends StreamTable<ServerCall> {
  /** The latest stream that the client has opened. */
  last = 0;
  /** How many streams the client has opened. */
  opened = 0;
  /** Ids that were left out, from the first to the last of each gap: these streams were never opened. */
  readonly #gaps: [first: number, last: number][] = [];

  /** Whether HEADERS with this id open a stream. */
  isNew(id: number): boolean {
    return (id & 1) === 1 && id > this.last;
  }

  /** Opens the stream of a call. */
  begin(call: ServerCall): void {
    this.note(call.id);
    this.add(call);
  }

  /** The client has opened a stream. */
  note(id: number): void {
    if (id > this.last + 2 && this.#gaps.push([this.last + 1, id - 1]) > GAPS) this.#gaps.shift();
    this.last = id;
    this.opened++;
  }

  /** The call of an open stream; `undefined` if the stream is over. A stream that never began is a PROTOCOL_ERROR (RFC 9113, 5.1). */
  find(id: number): ServerCall | undefined {
    const call = this.get(id);
    if (call === undefined && ((id & 1) === 0 || id > this.last || this.#gaps.some(([a, b]) => a <= id && id <= b))) {
      throw protocolError(`a frame of stream ${id}, which was never opened`);
    }
    return call;
  }
}
