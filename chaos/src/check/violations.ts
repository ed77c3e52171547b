/** What a checker has found: how much it looked at, and what was wrong. */
export class Violations {
  readonly checker: string;
  /** How many things were looked at, by name. */
  readonly looked: Map<string, number> = new Map();
  readonly found: Violation[] = [];
  /** All that was found; `found` keeps the first hundred. */
  count = 0;

  constructor(checker: string) {
    this.checker = checker;
  }

  look(what: string, count = 1): void {
    this.looked.set(what, (this.looked.get(what) ?? 0) + count);
  }

  add(rule: string, text: string, key?: string): void {
    this.count++;
    if (this.found.length < 100) this.found.push({ rule, text, ...(key !== undefined && { key }) });
  }
}

export interface Violation {
  /** The rule that is broken, such as `unique`. */
  readonly rule: string;
  readonly text: string;
  /** The key that it is about, whose timeline is shown. */
  readonly key?: string;
}
