/** A connection on which calls wait is silent after this time without an answer. */
const SUSPECT_AFTER_MS = 1_000;
/** How long a connection stays deprioritised after a call on it timed out without any answer. */
const DOUBT_MS = 5_000;

/** Judges by the unary calls on one connection whether it still answers. Times are those of the client's clock. */
export class Health {
  /** How many calls were answered with success. */
  served = 0;
  #inFlight = 0;
  /** When the connection last answered, or when the first call was sent if there was no answer since. */
  #quietSince = 0;
  #doubtedUntil = 0;

  /** Whether the connection is suspect, silent or in doubt, and therefore used last. */
  suspect(now: number): boolean {
    return now < this.#doubtedUntil || this.#silent(now);
  }

  /** Whether calls are under way. */
  get busy(): boolean {
    return this.#inFlight > 0;
  }

  /** A call was sent; `callEnded` follows once. */
  callSent(now: number): void {
    if (this.#inFlight++ === 0) this.#quietSince = now;
  }

  /** A call has ended: by an answer, or given up without one. */
  callEnded(now: number, answered: boolean): void {
    if (answered) {
      this.#quietSince = now;
      this.#doubtedUntil = 0;
    } else if (this.#silent(now)) {
      this.#doubtedUntil = now + DOUBT_MS;
    }
    this.#inFlight--;
  }

  #silent(now: number): boolean {
    return this.#inFlight > 0 && now - this.#quietSince > SUSPECT_AFTER_MS;
  }
}
