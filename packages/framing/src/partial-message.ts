import { uint32 } from './frames.ts';

/** The length of gRPC's prefix: a flag for compression, and the length of the message. */
export const PREFIX = 5;
/** How much memory the length of a message alone can claim. Beyond that it is claimed as the bytes come. */
const TRUSTED = 4 << 20;
/** Messages up to this size are copied by a loop, which is faster there than a call of `copy`. */
const LOOPED = 48;

/** Copies a whole message out of a buffer that is to be used again. */
export function copied(bytes: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  const message = Buffer.allocUnsafe(length);
  if (length <= LOOPED) for (let i = 0; i < length; i++) message[i] = bytes[start + i] as number;
  else bytes.copy(message, 0, start, end);
  return message;
}

/** A message that comes in several parts, its prefix included. */
export class PartialMessage<Failure> {
  readonly #refusal: (flag: number, length: number) => Failure | undefined;
  readonly #allocate: (length: number) => Buffer;
  readonly #prefix: Buffer = Buffer.allocUnsafe(PREFIX);
  /** How many bytes have come, those of the prefix included. */
  received = 0;
  #length = 0;
  #body: Buffer | undefined;
  /** Why the message is refused; `undefined` if it is not. */
  failure: Failure | undefined;

  /**
   * `refusal` returns why a message with this prefix is refused; `undefined` if it is accepted. `allocate` makes the Buffer that the
   * message is put in.
   */
  constructor(
    refusal: (flag: number, length: number) => Failure | undefined,
    allocate: (length: number) => Buffer = Buffer.allocUnsafe,
  ) {
    this.#refusal = refusal;
    this.#allocate = allocate;
  }

  /** The message, once it is whole. */
  get message(): Buffer | undefined {
    return this.#body !== undefined && this.received === PREFIX + this.#length ? this.#body : undefined;
  }

  /** The flag for compression, once the prefix has come. */
  get flag(): number {
    return this.#prefix[0] as number;
  }

  /** Takes what belongs to the message, and returns where that ends. */
  take(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (this.#body === undefined) {
      if (at === end) return at;
      this.#prefix[this.received++] = bytes[at++] as number;
      if (this.received === PREFIX && !this.#begin()) return at;
    }
    const filled = this.received - PREFIX;
    const part = Math.min(this.#length - filled, end - at);
    if (filled + part > this.#body.length) this.#grow(filled, filled + part);
    bytes.copy(this.#body, filled, at, at + part);
    this.received += part;
    return at + part;
  }

  #begin(): boolean {
    this.#length = uint32(this.#prefix, 1);
    this.failure = this.#refusal(this.#prefix[0] as number, this.#length);
    if (this.failure !== undefined) return false;
    this.#body = this.#allocate(Math.min(this.#length, TRUSTED));
    return true;
  }

  #grow(filled: number, needed: number): void {
    const body = this.#allocate(Math.min(this.#length, Math.max(needed, 2 * filled)));
    this.#body?.copy(body, 0, 0, filled);
    this.#body = body;
  }
}
