import type { LeaseDraw } from '../call.ts';
import type { Clock } from '../clock.ts';

/** The ids that are drawn for the tries of one grant, and the time of the last one. */
export class DrawnIds implements LeaseDraw {
  readonly #draw: () => bigint;
  readonly #clock: Clock;
  readonly #ids: bigint[] = [];
  /** When the last id was drawn. No request with it was sent earlier. */
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

  /** Returns all drawn ids except that of the granted lease. */
  strays(granted?: bigint): readonly bigint[] {
    return this.#ids.filter((id) => id !== granted);
  }
}
