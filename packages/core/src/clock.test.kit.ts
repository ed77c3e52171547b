// A clock that tests move by hand.
import type { Clock, Timer } from './clock.ts';

/** Lets everything run that waits for no timer. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface FakeTimer extends Timer {
  readonly at: number;
  readonly hold: boolean;
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  time = 1_000;
  readonly timers: Set<FakeTimer> = new Set();

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void, hold = false): Timer {
    const timer: FakeTimer = { at: this.time + ms, hold, callback, cancel: () => this.timers.delete(timer) };
    this.timers.add(timer);
    return timer;
  }

  afterReading(callback: () => void): void {
    setImmediate(callback);
  }

  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const [next] = [...this.timers].sort((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.time = Math.max(this.time, next.at);
      this.timers.delete(next);
      next.callback();
      await settle();
    }
    this.time = end;
  }
}
