// Judges the goals of a run.
import { titleOf } from './clients/index.ts';
import { type Goal, goals } from './goals.ts';
import { type Results, has, measuredSpread, ratio, rowOf } from './results.ts';
import type { Metric, Spread } from './statistics.ts';

/** The result of one goal. */
export interface Verdict {
  readonly goal: Goal;
  /** `undefined` if the row or a client was not in the run. */
  readonly measured: Spread | undefined;
  readonly verdict: 'holds' | 'close' | 'missed' | 'absent';
}

const metricTitles: Readonly<Record<Metric, string>> = {
  cpu: 'CPU per op',
  throughput: 'ops/s',
  wall: 'wall time',
  p50: 'p50',
  p99: 'p99',
  memory: 'bytes each',
};

/** `close` means that the median misses the goal and the better quartile does not, so that another run may reach it. */
function judge({ atMost, atLeast }: Goal, { q1, median, q3 }: Spread): Verdict['verdict'] {
  const within = (value: number): boolean => value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
  if (within(median)) return 'holds';
  return within(atMost === undefined ? q3 : q1) ? 'close' : 'missed';
}

/** Judges every goal. What was not measured is absent, and fails nothing. */
export function check(results: Results, all: readonly Goal[] = goals): Verdict[] {
  return all.map((goal): Verdict => {
    const { client, base, metric } = goal;
    const row = rowOf(results, goal.row);
    if (row === undefined || !has(row, client, metric) || (base !== undefined && !has(row, base, metric))) {
      return { goal, measured: undefined, verdict: 'absent' };
    }
    const measured = base === undefined ? measuredSpread(row, client, metric) : ratio(row, client, base, metric);
    return { goal, measured, verdict: judge(goal, measured) };
  });
}

function figure(value: number, { base, metric }: Goal): string {
  return base === undefined && metric === 'memory' ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}

/** The words of a verdict: what is measured, what was found, and the goal. */
export function verdictWords({ goal, measured }: Verdict): { what: string; found: string; bound: string } {
  const { client, base, metric, atMost, atLeast } = goal;
  const of = base === undefined ? '' : ` / ${titleOf(base)}`;
  const bound = atMost === undefined ? `at least ${figure(atLeast ?? NaN, goal)}` : `at most ${figure(atMost, goal)}`;
  const { median, q1, q3 } = measured ?? { median: NaN, q1: NaN, q3: NaN };
  const quartiles = q1 === q3 ? '' : ` (${figure(q1, goal)}-${figure(q3, goal)})`;
  const found = measured === undefined ? 'not measured' : `${figure(median, goal)}${quartiles}`;
  return { what: `${goal.row} ${metricTitles[metric]}, ${titleOf(client)}${of}`, found, bound };
}

export function verdictLine(verdict: Verdict): string {
  const { what, found, bound } = verdictWords(verdict);
  return `${verdict.verdict.padEnd(6)}  ${what}: ${found}, goal ${bound}`;
}
