// Makes the tables of a run, as rows of cells.
import { type Verdict, verdictWords } from './check.ts';
import { titleOf } from './clients/index.ts';
import { type Measured, type Results, has, measuredSpread, ratio } from './results.ts';
import type { Metric, Spread } from './statistics.ts';
import { operations } from './workload.ts';

export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const what = ['server', 'operation', 'callers'] as const;

/** Operations without a number of callers that readers could compare. */
const single: ReadonlySet<string> = new Set([
  'watch',
  'watch-100',
  'fan-out',
  'watches',
  'watch-memory',
  'reader-memory',
  'leases',
  'lease-memory',
  'startup',
]);

/** The name of a row's operation. */
export function operationTitle({ operation }: Measured): string {
  return operation === 'startup' ? 'process start to first get, above a bare process' : operations[operation];
}

function whatCells(row: Measured): string[] {
  const { server, operation, concurrency } = row;
  return [server === 'none' ? '' : server, operationTitle(row), single.has(operation) ? '' : String(concurrency)];
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return '';
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function withQuartiles({ q1, median, q3 }: Spread): string {
  const same = q1.toFixed(2) === q3.toFixed(2) && q1.toFixed(2) === median.toFixed(2);
  return same ? median.toFixed(2) : `${median.toFixed(2)} (${q1.toFixed(2)}-${q3.toFixed(2)})`;
}

/** The ratios of clients to one of them, in the rows that have both. */
export function ratioTable(
  { clients, measured }: Results,
  { base, name, columns }: { base: string; name: Metric; columns?: readonly string[] },
): Table | undefined {
  const shown = (columns ?? clients).filter((label) => label !== base && clients.includes(label));
  const used = shown.filter((label) => measured.some((row) => has(row, label, name) && has(row, base, name)));
  const rows = measured
    .filter((row) => row.metric !== 'memory' && has(row, base, name) && used.some((label) => has(row, label, name)))
    .map((row) => [
      ...whatCells(row),
      ...used.map((label) => (has(row, label, name) ? withQuartiles(ratio(row, label, base, name)) : '')),
    ]);
  if (rows.length === 0) return undefined;
  const named: Readonly<Record<Metric, string>> = {
    cpu: 'CPU per op',
    throughput: 'Ops/s',
    wall: 'Wall time',
    p50: 'p50',
    p99: 'p99',
    memory: 'Bytes each',
  };
  const better = name === 'throughput' ? 'more' : 'less';
  return {
    title: `${named[name]} divided by that of ${titleOf(base)} (${better} is better)`,
    header: [...what, ...used.map(titleOf)],
    rows,
  };
}

/** Each client on the other Node, divided by the same one on this: CPU, or what the row is about. */
export function nodesTable({ clients, measured }: Results): Table {
  const others = clients.filter((label) => label.includes('@'));
  const version = others[0]?.split('@')[1] ?? '';
  const pairs = others.map((label): [string, string] => [label, label.slice(0, label.indexOf('@'))]);
  return {
    title: `Node ${version} divided by this one (less is better): CPU per op, p50 with one caller, memory, and the time of a start`,
    header: [...what, ...pairs.map(([, base]) => titleOf(base))],
    rows: measured
      .filter((row) => others.some((label) => has(row, label, row.metric)))
      .map((row) => [
        ...whatCells(row),
        ...pairs.map(([label, base]) =>
          has(row, label, row.metric) && has(row, base, row.metric)
            ? withQuartiles(ratio(row, label, base, row.metric))
            : '',
        ),
      ]),
  };
}

/** What the clients hold, and how soon they start. */
export function absoluteRows({ clients, measured }: Results): Table | undefined {
  const rows = measured.filter(
    (row) => (row.metric === 'memory' || row.metric === 'wall') && clients.some((label) => has(row, label, row.metric)),
  );
  const used = clients.filter((label) => rows.some((row) => has(row, label, row.metric)));
  if (rows.length === 0) return undefined;
  const cell = (row: Measured, label: string): string => {
    if (!has(row, label, row.metric)) return '';
    const value = measuredSpread(row, label, row.metric).median;
    return row.metric === 'memory' ? `${Math.round(value).toLocaleString('en')} B` : `${digits(value)} ms`;
  };
  return {
    title: 'Memory, and the start of a process, medians',
    header: [...what, ...used.map(titleOf)],
    rows: rows.map((row) => [...whatCells(row), ...used.map((label) => cell(row, label))]),
  };
}

/** The absolute numbers of each client, in this run on this machine. */
export function absoluteTable({ clients, measured, peakRssMiB }: Results): Table | undefined {
  const cell = (row: Measured, label: string): string => {
    const text = (name: Metric): string => digits(measuredSpread(row, label, name).median);
    const latency = text('p50') === '' ? '' : ` · ${text('p50')}/${text('p99')}`;
    return has(row, label, 'cpu') ? `${text('cpu')} · ${text('throughput')}${latency}` : '';
  };
  const rows = measured
    .filter((row) => clients.some((label) => has(row, label, 'cpu')))
    .map((row) => [...whatCells(row), ...clients.map((label) => cell(row, label))]);
  if (rows.length === 0) return undefined;
  const memory = clients.map((label) => `${digits(peakRssMiB[label] ?? NaN)} MiB`);
  rows.push(['', 'peak memory of the client process', '', ...memory]);
  return {
    title: 'Client CPU µs per op · ops/s · p50/p99 ms, medians',
    header: [...what, ...clients.map(titleOf)],
    rows,
  };
}

/** The goals with what was found. */
export function goalTable(verdicts: readonly Verdict[]): Table {
  return {
    title: 'The goals: medians with quartiles',
    header: ['verdict', 'what', 'found', 'goal'],
    rows: verdicts.map((verdict) => {
      const { what: goal, found, bound } = verdictWords(verdict);
      return [verdict.verdict, goal, found, bound];
    }),
  };
}
