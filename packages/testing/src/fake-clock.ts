import type { Clock, Timer } from '@etcdts/core/plugin';

/** A timer of a `FakeClock` that has not run yet. */
export interface FakeTimer extends Timer {
  /** When it is due, in the clock's time. */
  readonly at: number;
  /** Whether a real timer would hold the process open. */
  readonly hold: boolean;
  /** What `advance` calls. */
  readonly callback: () => void;
}

/** Runs everything that waits for no timer: promises that have settled, and callbacks of `setImmediate`. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A clock that a test moves. No timer runs before `advance` passes its time. Give it to an interceptor with `withSite`, or pass
 * it as a `Clock`.
 */
export class FakeClock implements Clock {
  /** The time in milliseconds. It begins at 1,000, so that 0 is in the past. */
  time = 1_000;
  /** The number of timers that were set. */
  armed = 0;
  /** The timers that wait, in the order in which they were set. */
  readonly timers: Set<FakeTimer> = new Set();

  /** The time in milliseconds. */
  now(): number {
    return this.time;
  }

  /** Sets a timer that `advance` runs. */
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

  /** Calls back in the next turn of the event loop, whatever the time is. */
  afterReading(callback: () => void): void {
    setImmediate(callback);
  }

  /** Lets time pass. Each timer runs when it is due, and all that follows from it runs before the next timer. */
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

  /** Lets time pass, from timer to timer, until `work` is settled. Settles as `work` does. */
  async until<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => void (settled = true);
    work.then(done, done);
    for (await settle(); !settled; await settle()) {
      const next = this.#next();
      if (next !== undefined) await this.advance(next.at - this.time);
    }
    return work;
  }

  /** Lets time pass without running a timer, as a blocked event loop does. */
  block(ms: number): void {
    this.time += ms;
  }

  /** Whether a pending timer would hold the process open. */
  get holding(): boolean {
    return [...this.timers].some((timer) => timer.hold);
  }

  #next(): FakeTimer | undefined {
    return [...this.timers].sort((a, b) => a.at - b.at)[0];
  }
}
