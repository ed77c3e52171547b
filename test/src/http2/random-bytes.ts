import { Random } from '../embedded/differential-operations.ts';

const NOISE = 1 << 16;

/** Random choices, and random bytes that are parts of one noise, as they need not be new each time. */
export class Dice extends Random {
  readonly #noise: Buffer;

  constructor(seed: number) {
    super(seed);
    this.#noise = Buffer.from(Array.from({ length: 2 * NOISE }, () => this.below(256)));
  }

  bytes(length: number): Buffer {
    const at = this.below(NOISE);
    return this.#noise.subarray(at, at + length);
  }
}
