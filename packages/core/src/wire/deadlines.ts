import type { Clock, Timer } from '../clock.ts';

/** The length of one step in milliseconds. One timer serves all deadlines of a step. */
const STEP_MS = 10;

/** Something with a deadline. */
export interface Expiring {
  expire(): void;
}

/** One entry of the wheel, which can be removed again. */
export interface DeadlineEntry {
  readonly owner: Expiring;
  readonly step: number;
}

/**
 * Deadlines of many calls on one timer. Entries fall into steps of 10 ms; they fire late by less than that, and never early.
 * A call that ends in time costs two set operations and no timer.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #steps: Map<number, Set<DeadlineEntry>> = new Map();
  #timer: Timer | undefined;
  #armed = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `owner.expire()` once `at` has passed, unless the entry is removed first. Infinity never fires. */
  add(at: number, owner: Expiring): DeadlineEntry | undefined {
    if (at === Infinity) return undefined;
    const entry = { owner, step: Math.ceil(at / STEP_MS) };
    const set = this.#steps.get(entry.step);
    if (set === undefined) this.#steps.set(entry.step, new Set([entry]));
    else set.add(entry);
    if (entry.step < this.#armed) this.#arm(entry.step);
    return entry;
  }

  remove(entry: DeadlineEntry | undefined): void {
    if (entry === undefined) return;
    const set = this.#steps.get(entry.step);
    if (set?.delete(entry) && set.size === 0) this.#steps.delete(entry.step);
    if (this.#steps.size === 0) this.#disarm();
  }

  #arm(step: number): void {
    this.#timer?.cancel();
    this.#armed = step;
    this.#timer = this.#clock.after(step * STEP_MS - this.#clock.now(), () => this.#fire(), true);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armed = Infinity;
  }

  #fire(): void {
    this.#timer = undefined;
    this.#armed = Infinity;
    // Timers run before sockets are read. After a stalled event loop, answers may wait unread; they are read first.
    this.#clock.afterReading(() => {
      const now = this.#clock.now();
      for (const [step, entries] of [...this.#steps]) {
        if (step * STEP_MS > now) continue;
        this.#steps.delete(step);
        for (const entry of entries) entry.owner.expire();
      }
      if (this.#steps.size > 0) {
        const next = Math.min(...this.#steps.keys());
        if (next < this.#armed) this.#arm(next);
      }
    });
  }
}
