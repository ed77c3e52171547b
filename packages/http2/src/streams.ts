import type { Http2Call } from './call.ts';
import { ERROR, Http2Error, protocolError } from './errors.ts';
import { LARGEST_31 } from './frames.ts';

/** How many streams that were reset here are remembered, because frames of them may still be on their way. */
const REMEMBERED = 32_768;

/** The streams of a connection. Only this end opens streams, so their ids are odd, and each is above all before (RFC 9113, 5.1.1). */
export class Streams {
  readonly #calls: Map<number, Http2Call> = new Map();
  #nextId: number;
  /** Streams that were reset here and that the peer has not ended, oldest first. Whether a header block of each has come since. */
  readonly #reset: Map<number, boolean> = new Map();
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
    this.#reset.set(call.id, false);
    if (this.#reset.size <= REMEMBERED) return;
    const oldest = this.#reset.keys().next().value as number;
    this.#reset.delete(oldest);
    this.#forgottenBelow = Math.max(this.#forgottenBelow, oldest + 1);
  }

  /**
   * DATA or HEADERS of a stream that is over. They are in order if the stream was reset here, since they were on their way then; else
   * the peer has ended the stream itself before, which is a STREAM_CLOSED (RFC 9113, 5.1). Returns whether it is the end of a
   * stream that was reset here.
   */
  late(id: number, ends: boolean): boolean {
    if (this.#reset.has(id)) return ends && this.#reset.delete(id);
    if (id >= this.#forgottenBelow) throw new Http2Error(ERROR.STREAM_CLOSED, `a frame of stream ${id} after its end`);
    return false;
  }

  /** A header block of a stream that is over. Returns whether that is one of two which a stream has: the first, or the one that ends it. */
  lateHead(id: number, ends: boolean): boolean {
    const isFirst = this.#reset.get(id) === false;
    if (isFirst) this.#reset.set(id, true);
    return this.late(id, ends) || isFirst;
  }

  /** The peer has reset a stream: nothing of it can follow. Returns whether it was reset here before. */
  lateReset(id: number): boolean {
    return this.#reset.delete(id);
  }
}
