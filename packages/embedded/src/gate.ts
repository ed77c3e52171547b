/** Runs tasks in order: at once while it is open. While it is shut, tasks wait until it opens. */
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
    // A task that another task adds goes behind those that wait.
    for (let task = this.#waiting?.shift(); task !== undefined; task = this.#waiting?.shift()) task();
    this.#waiting = undefined;
  }
}
