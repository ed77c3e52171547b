import { Session, type Profiler } from 'node:inspector';

/** Where code begins and ends. */
type Part = readonly [start: number, end: number];

/** The code that was run, as V8 counts it. */
export class Coverage {
  readonly #session: Session = new Session();
  readonly #scripts: RegExp;
  /** Of each function that was run, the parts that never were. */
  readonly #never: Map<string, readonly Part[]> = new Map();

  /** `scripts` matches the URLs of the files that count. */
  constructor(scripts: RegExp) {
    this.#scripts = scripts;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    this.take();
  }

  /** How many functions were run. */
  get functions(): number {
    return this.#never.size;
  }

  /** Whether what ran since the last call includes code that never ran before. Unless `keep`, it still counts as never run. */
  take(keep = true): boolean {
    let grown = false;
    // A session in its own thread answers at once.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const { scriptId, url, functions } of result) {
        if (!this.#scripts.test(url)) continue;
        for (const { ranges } of functions) if (this.#grows(scriptId, ranges, keep)) grown = true;
      }
    });
    return grown;
  }

  close(): void {
    this.#session.disconnect();
  }

  #grows(scriptId: string, [whole, ...parts]: readonly Profiler.CoverageRange[], keep: boolean): boolean {
    if (whole === undefined || whole.count === 0) return false;
    const { startOffset, endOffset } = whole;
    const key = `${scriptId} ${startOffset} ${endOffset}`;
    const before = this.#never.get(key);
    const not = parts
      .filter(({ count }) => count === 0)
      .map(({ startOffset: start, endOffset: end }) => [start, end] as const);
    const after = before === undefined ? not : common(before, not);
    if (before !== undefined && length(after) === length(before)) return false;
    if (keep) this.#never.set(key, after);
    return true;
  }
}

function common(some: readonly Part[], others: readonly Part[]): readonly Part[] {
  return some.flatMap(([start, end]) =>
    others.map(([from, to]) => [Math.max(start, from), Math.min(end, to)] as const).filter(([from, to]) => from < to),
  );
}

function length(parts: readonly Part[]): number {
  return parts.reduce((sum, [start, end]) => sum + end - start, 0);
}
