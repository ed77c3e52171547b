import type { LeaseDraw } from '../call.ts';
import type { Clock } from '../clock.ts';

/** The ids drawn for one grant, and when: what its tries are granted under. */
export class DrawnIds implements LeaseDraw {
  readonly #draw: () => bigint;
  readonly #clock: Clock;
  readonly #ids: bigint[] = [];
  /** When the last id was drawn: no request under it was sent before. */
  drawnAt = 0;

  constructor(draw: () => bigint, clock: Clock) {
    this.#draw = draw;
    this.#clock = clock;
    this.again();
  }

  get id(): bigint {
    return this.#ids.at(-1) as bigint;
  }

  again(): bigint {
    this.drawnAt = this.#clock.now();
    const id = this.#draw();
    this.#ids.push(id);
    return id;
  }

  /** All ids that were drawn, but for that of the lease that was granted. */
  strays(granted?: bigint): readonly bigint[] {
    return this.#ids.filter((id) => id !== granted);
  }
}
