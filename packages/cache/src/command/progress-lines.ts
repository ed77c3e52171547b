import type { MirrorProgress } from '../mirror/progress.ts';

/** Turns the progress of a mirror into lines: one for each new phase, and one in a while. */
export class ProgressLines {
  readonly #print: (line: string) => void;
  readonly #now: () => number;
  readonly #everyMs: number;
  #phase = '';
  #waiting = false;
  #printedAt: number;
  #shown = '';
  #last: MirrorProgress | undefined;

  constructor(print: (line: string) => void, everyMs: number, now: () => number = () => performance.now()) {
    this.#print = print;
    this.#now = now;
    this.#everyMs = everyMs;
    this.#printedAt = now();
  }

  /** Notes a step, and prints a line if it is time for one. */
  add(progress: MirrorProgress): void {
    this.#last = progress;
    const { phase, waiting } = progress;
    const turned = phase !== this.#phase || (waiting !== undefined) !== this.#waiting;
    this.#phase = phase;
    this.#waiting = waiting !== undefined;
    if (turned || this.#now() - this.#printedAt >= this.#everyMs) this.#line();
  }

  /** Prints where it has come to, for the end. */
  end(): void {
    this.#waiting = false;
    this.#line();
  }

  #line(): void {
    const line = this.#last === undefined ? '' : lineOf(this.#last);
    if (line === this.#shown) return;
    this.#printedAt = this.#now();
    this.#shown = line;
    this.#print(line);
  }
}

function lineOf({ phase, revision, lag, written, unchanged, restarts, waiting }: MirrorProgress): string {
  const keys = `${written} keys written${unchanged > 0 ? `, ${unchanged} there already` : ''}`;
  const again = restarts > 0 ? `, ${restarts} times read whole again` : '';
  const where = phase === 'base' ? 'reading the source whole' : `at revision ${revision}, ${lag} behind`;
  const why = waiting === undefined ? '' : `; waiting for the target: ${waiting.message}`;
  return `${where}: ${keys}${again}${why}`;
}
