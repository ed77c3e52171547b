import type { Clock, Timer } from '../clock.ts';

/** After so long without the connection that calls wait for, the client reports it. */
const LONG_MS = 10_000;
/** Longer than the pauses of watches and keepalives between two attempts: after it, nothing waits any more. */
const PAUSE_MS = 3_000;

interface Wait {
  readonly since: number;
  /** How many calls wait now. */
  waiting: number;
  /** When the last one gave up. */
  leftAt: number;
  /** Set while calls wait. */
  timer: Timer | undefined;
}

/**
 * Notices that a connection is missing for 10 s while calls wait for it: one call, or one after the other, as those of a watch
 * that resumes. It reports the first such wait only.
 */
export class LongWaits<Target> {
  readonly #clock: Clock;
  readonly #report: (target: Target) => void;
  readonly #waits: Map<Target, Wait> = new Map();
  #reported = false;

  /** `report` is called once at most, with what is waited for. */
  constructor(clock: Clock, report: (target: Target) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** A call begins to wait; `leave` or `end` follows. */
  begin(target: Target): void {
    if (this.#reported) return;
    const now = this.#clock.now();
    for (const [other, { waiting, leftAt }] of this.#waits) {
      if (waiting === 0 && now - leftAt > PAUSE_MS) this.#waits.delete(other);
    }
    const wait = this.#waits.get(target) ?? { since: now, waiting: 0, leftAt: now, timer: undefined };
    this.#waits.set(target, wait);
    if (wait.waiting++ > 0) return;
    const left = wait.since + LONG_MS - now;
    if (left <= 0) this.#reached(target);
    else wait.timer = this.#clock.after(left, () => this.#reached(target));
  }

  /** A call gives up. */
  leave(target: Target): void {
    const wait = this.#waits.get(target);
    if (wait === undefined || --wait.waiting > 0) return;
    wait.leftAt = this.#clock.now();
    wait.timer?.cancel();
  }

  /** A connection stands: the wait is over. */
  end(target: Target): void {
    this.#waits.get(target)?.timer?.cancel();
    this.#waits.delete(target);
  }

  /** Ends every wait. */
  close(): void {
    for (const target of [...this.#waits.keys()]) this.end(target);
  }

  #reached(target: Target): void {
    this.#reported = true;
    this.close();
    this.#report(target);
  }
}
