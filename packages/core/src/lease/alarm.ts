import type { Clock, Timer } from '../clock.ts';

/** One timer that is set again and again. It measures how late it is. */
export class Alarm {
  /** When it rings; `Infinity` for never. */
  at: number = Infinity;
  readonly #clock: Clock;
  readonly #ring: (now: number, lateMs: number) => void;
  #timer: Timer | undefined;

  /** `ring` is called with the present time, and with how long after `at` that is. It sets the next time. */
  constructor(clock: Clock, ring: (now: number, lateMs: number) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Sets the time. With `hold`, it holds the process open. */
  set(at: number, hold: boolean): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.at = at;
    if (at === Infinity) return;
    const rung = (): void => {
      const now = this.#clock.now();
      this.#ring(now, now - this.at);
    };
    this.#timer = this.#clock.after(at - this.#clock.now(), rung, hold);
  }
}
