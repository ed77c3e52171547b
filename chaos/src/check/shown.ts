/** The newest revision that had been shown to anybody, by time. */
export class Shown {
  /** The newest revision when an operation ended, in the order of the ends. */
  readonly #steps: readonly { readonly time: number; readonly revision: number }[];

  constructor(all: readonly { readonly return: number; readonly revision?: number }[]) {
    let newest = 0;
    this.#steps = all
      .filter((one) => one.revision !== undefined)
      .sort((a, b) => a.return - b.return)
      .map((one) => ({ time: one.return, revision: (newest = Math.max(newest, one.revision as number)) }));
  }

  /** What operations that had ended before a time had shown; 0 if there were none. */
  before(time: number): number {
    let [low, high] = [0, this.#steps.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#steps[middle]?.time as number) < time) low = middle + 1;
      else high = middle;
    }
    return this.#steps[low - 1]?.revision ?? 0;
  }
}
