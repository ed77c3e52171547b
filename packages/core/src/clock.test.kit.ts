// A clock that tests move by hand.
import type { Clock, Timer } from './clock.ts';

interface FakeTimer extends Timer {
  readonly at: number;
  readonly hold: boolean;
  readonly callback: () => void;
}

/** Lets everything run that waits for no timer. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class FakeClock implements Clock {
  time = 1_000;
  /** How many timers were set. */
  armed = 0;
  readonly timers: Set<FakeTimer> = new Set();

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void, hold = false): Timer {
    const timer: FakeTimer = {
      at: this.time + Math.max(ms, 0),
      hold,
      callback,
      cancel: () => this.timers.delete(timer),
    };
    this.timers.add(timer);
    this.armed++;
    return timer;
  }

  afterReading(callback: () => void): void {
    setImmediate(callback);
  }

  /** Time passes, and each timer runs when it is due. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) {
      this.time = Math.max(this.time, next.at);
      this.timers.delete(next);
      next.callback();
      await settle();
    }
    this.time = Math.max(this.time, end);
  }

  /** Time passes, and nothing runs: the event loop is blocked. */
  block(ms: number): void {
    this.time += ms;
  }

  get holding(): boolean {
    return [...this.timers].some((timer) => timer.hold);
  }

  #next(): FakeTimer | undefined {
    return [...this.timers].sort((a, b) => a.at - b.at)[0];
  }
}
