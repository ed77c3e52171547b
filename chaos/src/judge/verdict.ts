/** The result of one check. */
export interface Verdict {
  readonly check: string;
  readonly result: 'ok' | 'violation' | 'undecided';
  readonly message?: string;
  /** The first violations, as the validator describes them. */
  readonly details?: readonly string[];
  /** How many operations or events were judged. */
  readonly count: number;
  readonly seconds: number;
}

/** Joins the verdicts of the same check over parts of a history: the worst one, with the sums. */
export function joinVerdicts(verdicts: readonly Verdict[]): Verdict[] {
  const joined = new Map<string, Verdict>();
  for (const verdict of verdicts) {
    const before = joined.get(verdict.check);
    if (before === undefined) joined.set(verdict.check, verdict);
    else {
      const worst = rank(verdict) > rank(before) ? verdict : before;
      const seconds = before.seconds + verdict.seconds;
      joined.set(verdict.check, { ...worst, count: before.count + verdict.count, seconds });
    }
  }
  return [...joined.values()];
}

function rank({ result }: Verdict): number {
  return ['ok', 'undecided', 'violation'].indexOf(result);
}
