import { LARGEST_31, protocolError, StreamTable } from '@etcdts/framing';
import type { Http2Call } from './call.ts';

/** The streams of a connection. Only this end opens streams, so their ids are odd, and each is above all before (RFC 9113, 5.1.1). */
export class Streams extends StreamTable<Http2Call> {
  #nextId: number;

  constructor(firstId: number) {
    super();
    this.#nextId = firstId;
  }

  /** Whether there are no ids left. */
  get usedUp(): boolean {
    return this.#nextId > LARGEST_31;
  }

  /** Opens a stream for a call. */
  begin(call: Http2Call): number {
    const id = this.#nextId;
    this.#nextId = id + 2;
    call.id = id;
    this.add(call);
    return id;
  }

  /** The call of an open stream; `undefined` if the stream is over. A stream that never began is a PROTOCOL_ERROR (RFC 9113, 5.1). */
  find(id: number): Http2Call | undefined {
    const call = this.get(id);
    if (call === undefined && ((id & 1) === 0 || id >= this.#nextId)) {
      throw protocolError(`a frame of stream ${id}, which was never opened`);
    }
    return call;
  }
}
