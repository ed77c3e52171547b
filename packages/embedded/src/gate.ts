/** Lets everything through in order: at once while it is open, and when it opens again what came while it was shut. */
export class Gate {
  #waiting: (() => void)[] | undefined;

  /** Runs the task now, or when the gate opens. */
  pass(task: () => void): void {
    if (this.#waiting === undefined) task();
    else this.#waiting.push(task);
  }

  shut(): void {
    this.#waiting ??= [];
  }

  open(): void {
    // What a task hands in goes behind those that wait.
    for (let task = this.#waiting?.shift(); task !== undefined; task = this.#waiting?.shift()) task();
    this.#waiting = undefined;
  }
}
