import type { Gate } from './gate.ts';

/** A pending timer. */
export interface Timer {
  /** Stops the timer. After it has fired, it does nothing. */
  cancel(): void;
}

/** The clock of an embedded etcd. A clock of `@etcdts/core` fits. */
export interface Clock {
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Calls back once after `ms` milliseconds. */
  after(ms: number, callback: () => void): Timer;
}

// setTimeout fires at once for a longer time.
const LONGEST_MS = 2 ** 31 - 1;

/** The process's own clock. Its timers do not hold the process open. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), LONGEST_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

interface Due {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that follows another one and can be moved on. Callbacks that come due pass the gate, in order. */
export class DrivenClock implements Clock {
  readonly #base: Clock;
  readonly #gate: Gate;
  readonly #due = new Set<Due>();
  #offset = 0;
  #timer: Timer | undefined;

  constructor(base: Clock, gate: Gate) {
    this.#base = base;
    this.#gate = gate;
  }

  now(): number {
    return this.#base.now() + this.#offset;
  }

  after(ms: number, callback: () => void): Timer {
    const due = { at: this.now() + ms, callback };
    this.#due.add(due);
    this.#schedule();
    return { cancel: () => void (this.#due.delete(due) && this.#schedule()) };
  }

  /** Moves the time on. Callbacks that come due are called at their own time, before this returns. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`advance: ms is ${ms}, and time only goes forward`);
    const end = this.#offset + ms;
    const target = this.now() + ms;
    for (let next = this.#next(); next !== undefined && next.at <= target; next = this.#next()) {
      this.#offset += Math.max(0, next.at - this.now());
      this.#call(next);
    }
    this.#offset = Math.max(this.#offset, end);
    this.#schedule();
  }

  /** Drops all pending callbacks. */
  close(): void {
    this.#due.clear();
    this.#timer?.cancel();
  }

  #next(): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) if (first === undefined || due.at < first.at) first = due;
    return first;
  }

  #schedule(): void {
    this.#timer?.cancel();
    const next = this.#next();
    this.#timer = next && this.#base.after(Math.max(0, next.at - this.now()), () => this.#run());
  }

  #run(): void {
    for (let next = this.#next(); next !== undefined && next.at <= this.now(); next = this.#next()) this.#call(next);
    this.#schedule();
  }

  #call(due: Due): void {
    this.#due.delete(due);
    this.#gate.pass(due.callback);
  }
}
