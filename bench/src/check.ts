// Judges the goals of a run.
import { type ClientName, titles } from './clients/index.ts';
import { type Goal, goals } from './goals.ts';
import { type Results, ratio, startupRatio } from './results.ts';
import type { Metric, Spread } from './statistics.ts';

/** The result of one goal. */
export interface Verdict {
  readonly goal: Goal;
  readonly measured: Spread;
  readonly verdict: 'holds' | 'close' | 'missed';
}

const metricTitles: Readonly<Record<Metric, string>> = {
  cpu: 'CPU per op',
  throughput: 'ops/s',
  wall: 'wall time',
  p50: 'p50',
  p99: 'p99',
};

/** `close` means that the median misses the goal and the better quartile does not, so that another run may reach it. */
function judge({ atMost, atLeast }: Goal, { q1, median, q3 }: Spread): Verdict['verdict'] {
  const within = (value: number): boolean => value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
  if (within(median)) return 'holds';
  return within(atMost === undefined ? q3 : q1) ? 'close' : 'missed';
}

/** Judges the goals whose rows and clients were in this run. */
export function check(results: Results, client: ClientName): Verdict[] {
  return goals.flatMap((goal): Verdict[] => {
    if (!results.clients.includes(client) || !results.clients.includes(goal.base)) return [];
    const row = results.measured.find(({ series }) => series.id === goal.series);
    const startups = goal.series === 'startup' ? results.startups : undefined;
    if (row === undefined && startups === undefined) return [];
    const measured = row
      ? ratio(row, client, goal.base, goal.metric)
      : startupRatio(startups as NonNullable<typeof startups>, client, goal.base);
    return [{ goal, measured, verdict: judge(goal, measured) }];
  });
}

export function verdictLine({ goal, measured, verdict }: Verdict): string {
  const bound = goal.atMost === undefined ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
  const what = `${goal.series} ${metricTitles[goal.metric]}`;
  const found = `${measured.median.toFixed(2)} (${measured.q1.toFixed(2)}-${measured.q3.toFixed(2)})`;
  return `${verdict.padEnd(6)}  ${what}: ${found} of ${titles[goal.base]}'s, goal ${bound}`;
}
