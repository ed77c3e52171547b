import type { Linked } from './call-list.ts';
import { Fifo } from './fifo.ts';

/** What the sending half of a call needs of its connection. */
export interface SendingOwner {
  /** The call has something to send, or to end. */
  onSend(call: SendingHalf): void;
}

/**
 * The half of a call that sends: its frames, and how far they are sent. It is a base class because composition would cost every call
 * one more object.
 */
export abstract class SendingHalf implements Linked {
  readonly #owner: SendingOwner;
  /** The id of the stream; 0 before the call has begun. */
  id = 0;
  /** Whether the stream is open: the call has begun, and is not over. */
  live = false;
  list: object | undefined;
  next: Linked | undefined;
  previous: Linked | undefined;
  /** How much the peer accepts; negative after a reduction of its settings (RFC 9113, 6.9.2). */
  window = 0;
  /** The frame that is being sent, from `offset` on. */
  frame: Buffer | undefined;
  offset = 0;
  #frames: Fifo<Buffer> | undefined;
  /** Whether our half ends after the last frame. */
  ending: boolean;
  /** Whether the end of our half was written. */
  ended = false;
  #stopped = false;

  /** `only` is the one frame of our half, if it has one. */
  constructor(owner: SendingOwner, only: Buffer | undefined) {
    this.#owner = owner;
    this.frame = only;
    this.ending = only !== undefined;
  }

  send(frame: Buffer): void {
    if (this.#stopped || this.ending) return;
    if (this.frame === undefined) this.frame = frame;
    else (this.#frames ??= new Fifo()).push(frame);
    this.#owner.onSend(this);
  }

  halfClose(): void {
    if (this.#stopped || this.ending) return;
    this.ending = true;
    this.#owner.onSend(this);
  }

  /** Whether the present frame, if there is one, is the last of our half. */
  get last(): boolean {
    return this.ending && this.#frames === undefined;
  }

  /** So much of the present frame was written. */
  onWritten(length: number): void {
    this.offset += length;
    if (this.offset < (this.frame as Buffer).length) return;
    this.offset = 0;
    this.frame = this.#frames?.shift();
    if (this.#frames?.length === 0) this.#frames = undefined;
  }

  /** Drops what was not sent. */
  protected stopSending(): void {
    this.#stopped = true;
    this.frame = undefined;
    this.#frames = undefined;
  }
}
