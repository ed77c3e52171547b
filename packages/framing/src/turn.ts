/**
 * The end of a turn of the event loop, at which a connection writes once. It comes after all microtasks, so that what the application
 * does about what was read leaves in the same write.
 */
export class Turn {
  readonly #run: () => void;
  #scheduled = false;
  #reading = false;
  /** Ends the turn now. */
  readonly end = (): void => {
    this.#scheduled = false;
    this.#run();
  };
  readonly #endLater = (): void => process.nextTick(this.end);

  constructor(run: () => void) {
    this.#run = run;
  }

  /** Runs once at the end of this turn. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (!this.#reading) process.nextTick(this.end);
  }

  /** Bytes are about to be read from the socket. */
  beginReading(): void {
    this.#reading = true;
  }

  /** All bytes are read. Node runs what `nextTick` schedules in a callback of a socket before its microtasks, so it is scheduled in one. */
  endReading(): void {
    this.#reading = false;
    if (this.#scheduled) queueMicrotask(this.#endLater);
  }
}
