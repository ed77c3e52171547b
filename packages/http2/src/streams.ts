import type { Http2Call } from './call.ts';
import { ERROR, Http2Error, protocolError } from './errors.ts';
import { LARGEST_31 } from './frames.ts';

/** How many streams that were reset here are remembered, because frames of them may still be on their way. */
const REMEMBERED = 4_096;

/** The streams of a connection. Only this end opens streams, so their ids are odd, and each is above all before (RFC 9113, 5.1.1). */
export class Streams {
  readonly #calls: Map<number, Http2Call> = new Map();
  #nextId: number;
  /** Streams that were reset here and that the peer has not ended, oldest first. */
  readonly #reset: Set<number> = new Set();
  /** Whether a stream that was reset is not remembered: any that is below this id may be one. */
  #forgottenBelow = 0;

  constructor(firstId: number) {
    this.#nextId = firstId;
  }

  /** How many streams are open. */
  get open(): number {
    return this.#calls.size;
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
    call.live = true;
    this.#calls.set(id, call);
    return id;
  }

  /** The call of an open stream; `undefined` if the stream is over. A stream that never began is a PROTOCOL_ERROR (RFC 9113, 5.1). */
  find(id: number): Http2Call | undefined {
    const call = this.#calls.get(id);
    if (call === undefined && ((id & 1) === 0 || id >= this.#nextId)) {
      throw protocolError(`a frame of stream ${id}, which was never opened`);
    }
    return call;
  }

  all(): readonly Http2Call[] {
    return [...this.#calls.values()];
  }

  /** The stream of a call is over. */
  delete(call: Http2Call): void {
    call.live = false;
    this.#calls.delete(call.id);
  }

  /** The stream of a call was reset here. The peer may not know yet. */
  deleteReset(call: Http2Call): void {
    this.delete(call);
    this.#reset.add(call.id);
    if (this.#reset.size <= REMEMBERED) return;
    const oldest = this.#reset.values().next().value as number;
    this.#reset.delete(oldest);
    this.#forgottenBelow = Math.max(this.#forgottenBelow, oldest + 1);
  }

  /**
   * DATA or HEADERS of a stream that is over. They are in order if the stream was reset here, since they were on their way then; else
   * the peer has ended the stream itself before, which is a STREAM_CLOSED (RFC 9113, 5.1).
   */
  late(id: number, ends: boolean): void {
    if (this.#reset.has(id)) {
      if (ends) this.#reset.delete(id);
      return;
    }
    if (id >= this.#forgottenBelow) throw new Http2Error(ERROR.STREAM_CLOSED, `a frame of stream ${id} after its end`);
  }

  /** The peer has reset a stream: nothing of it can follow. */
  lateReset(id: number): void {
    this.#reset.delete(id);
  }
}
