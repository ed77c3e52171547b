/** A pending timer. */
export interface Timer {
  cancel(): void;
}

/** Time as this client sees it: monotonic, so that a changed wall clock moves nothing. Injectable for tests. */
export interface Clock {
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Calls back once after `ms` milliseconds. `hold`: the process stays alive for it; otherwise it does not. */
  after(ms: number, callback: () => void, hold?: boolean): Timer;
  /** Calls back once, after what has arrived on sockets by now was read. */
  afterReading(callback: () => void): void;
}

// setTimeout fires at once for anything larger.
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
