import { ERROR, Http2Error } from './errors.ts';

/** How many streams that were reset here are remembered, because frames of them may still be on their way. */
const REMEMBERED = 32_768;

/** What a table needs of a call. */
export interface Streamed {
  readonly id: number;
  /** Whether the stream is open. */
  live: boolean;
}

/** The streams of a connection that are open, and those of late whose end the peer may not know yet. */
export class StreamTable<C extends Streamed> {
  readonly #calls: Map<number, C> = new Map();
  /** Streams that were reset here and that the peer has not ended, oldest first. Whether a header block of each has come since. */
  readonly #reset: Map<number, boolean> = new Map();
  /** Whether a stream that was reset is not remembered: any that is below this id may be one. */
  #forgottenBelow = 0;

  /** How many streams are open. */
  get open(): number {
    return this.#calls.size;
  }

  all(): readonly C[] {
    return [...this.#calls.values()];
  }

  /** The call of an open stream. */
  protected get(id: number): C | undefined {
    return this.#calls.get(id);
  }

  /** Opens the stream of a call. */
  protected add(call: C): void {
    call.live = true;
    this.#calls.set(call.id, call);
  }

  /** The stream of a call is over. */
  delete(call: C): void {
    call.live = false;
    this.#calls.delete(call.id);
  }

  /** The stream of a call was reset here. The peer may not know yet. */
  deleteReset(call: C): void {
    this.delete(call);
    this.rememberReset(call.id);
  }

  /** A stream was reset here. The peer may not know yet. */
  rememberReset(id: number): void {
    this.#reset.set(id, false);
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
