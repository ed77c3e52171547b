/** A pending timer. */
export interface Timer {
  /** Stops the timer. After it has fired, it does nothing. */
  cancel(): void;
}

/** The time of a client. It is monotonic, so that a changed wall clock has no effect. Tests replace it. */
export interface Clock {
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Calls back once after `ms` milliseconds. With `hold`, the timer holds the process open. */
  after(ms: number, callback: () => void, hold?: boolean): Timer;
  /** Calls back once, after the data that have arrived on sockets by now were read. */
  afterReading(callback: () => void): void;
}

// setTimeout fires at once for a longer time.
const LONGEST_MS = 2 ** 31 - 1;

/** The process's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback, hold = false) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), LONGEST_MS));
    if (!hold) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  afterReading: (callback) => void setImmediate(callback),
};
