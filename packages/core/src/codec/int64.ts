// Makes 64-bit integers as bigints from their two halves. Typed arrays cost a quarter of `BigInt(number)`.

const halves = new Int32Array(2);
const whole = new BigInt64Array(halves.buffer);
const unsignedWhole = new BigUint64Array(halves.buffer);
// The halves have the byte order of the machine.
const LOW = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** How many integers are kept for reuse. It is a power of two. */
const SLOTS = 64;

/**
 * The integers that were made last, for reuse. Revisions, leases and the ids in headers repeat from field to field and from
 * message to message, and each new bigint is an allocation.
 */
class Recent {
  readonly #lows = new Int32Array(SLOTS);
  readonly #highs = new Int32Array(SLOTS);
  readonly #values: bigint[] = Array.from({ length: SLOTS }, () => 0n);
  readonly #make: () => bigint;

  constructor(make: () => bigint) {
    this.#make = make;
  }

  of(low: number, high: number): bigint {
    const slot = low & (SLOTS - 1);
    if (this.#lows[slot] === low && this.#highs[slot] === high) return this.#values[slot] as bigint;
    this.#lows[slot] = low;
    this.#highs[slot] = high;
    halves[LOW] = low;
    halves[HIGH] = high;
    const value = this.#make();
    this.#values[slot] = value;
    return value;
  }
}

const signedOnes = new Recent(() => whole[0] as bigint);
const unsignedOnes = new Recent(() => unsignedWhole[0] as bigint);

/** A varint's halves as a signed 64-bit integer. */
export function signed(low: number, high: number): bigint {
  return signedOnes.of(low, high);
}

/** A varint's halves as an unsigned 64-bit integer. */
export function unsigned(low: number, high: number): bigint {
  return unsignedOnes.of(low, high);
}
