import type { Clock } from './clock.ts';
import { diagnostics, type StreamResumedMessage } from './diagnostics.ts';

/** The time between the loss of a shared stream and the first answer on the next one. */
export class Outage {
  readonly #method: StreamResumedMessage['method'];
  readonly #clock: Clock;
  #reason: string | undefined;
  #since = 0;

  constructor(method: StreamResumedMessage['method'], clock: Clock) {
    this.#method = method;
    this.#clock = clock;
  }

  /** A stream is lost whose watches or leases go on. The first of several in a row begins the outage. */
  begin(reason: string): void {
    if (this.#reason === undefined) this.#since = this.#clock.now();
    this.#reason = reason;
  }

  /** A stream has answered, on which so many watches or leases are. */
  end(count: number): void {
    const reason = this.#reason;
    this.#reason = undefined;
    if (reason === undefined || !diagnostics.resumed.hasSubscribers) return;
    const durationMs = Math.round(this.#clock.now() - this.#since);
    diagnostics.resumed.publish({ method: this.#method, count, reason, durationMs });
  }

  /** Nobody waits for a stream any more. */
  forget(): void {
    this.#reason = undefined;
  }
}
