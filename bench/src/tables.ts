// Makes the tables of a run, as rows of cells.
import { titles } from './clients/index.ts';
import { type Measured, type Results, median, ratio, startupMedian, startupRatio } from './results.ts';
import type { Metric, Spread } from './statistics.ts';
import { operations } from './workload.ts';

export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const what = ['server', 'operation', 'callers'] as const;
const startupWhat = ['', 'process start to first get, above a bare process', ''] as const;

function whatCells({ series }: Measured): string[] {
  const { server, operation, concurrency } = series;
  const unary = operation !== 'watch' && operation !== 'watches';
  return [server, operations[operation], unary ? String(concurrency) : ''];
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return '';
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function withQuartiles({ q1, median: middle, q3 }: Spread): string {
  return `${middle.toFixed(2)} (${q1.toFixed(2)}-${q3.toFixed(2)})`;
}

/** The ratios of the first client to each of the others. This is the table to read. */
export function ratioTable({ clients, measured, startups }: Results): Table | undefined {
  const [subject, ...bases] = clients;
  if (subject === undefined || bases.length === 0) return undefined;
  const cells = (row: Measured, name: Metric): string[] =>
    bases.map((base) => withQuartiles(ratio(row, subject, base, name)));
  const rows = measured.map((row) => [...whatCells(row), ...cells(row, 'cpu'), ...cells(row, 'throughput')]);
  if (startups !== undefined) {
    const startup = bases.map((base) => withQuartiles(startupRatio(startups, subject, base)));
    rows.push([...startupWhat, ...startup, ...bases.map(() => '')]);
  }
  return {
    title: `${titles[subject]} divided by the others: CPU per op and start (less is better), ops/s (more is better)`,
    header: [
      ...what,
      ...bases.map((base) => `CPU / ${titles[base]}`),
      ...bases.map((base) => `ops/s / ${titles[base]}`),
    ],
    rows,
  };
}

/** The absolute numbers of each client, in this run on this machine. */
export function absoluteTable({ clients, measured, startups, peakRssMiB }: Results): Table {
  const cell = (row: Measured, client: (typeof clients)[number]): string => {
    const text = (name: Metric): string => digits(median(row, client, name));
    const latency = text('p50') === '' ? '' : ` · ${text('p50')}/${text('p99')}`;
    return `${text('cpu')} · ${text('throughput')}${latency}`;
  };
  const rows = measured.map((row) => [...whatCells(row), ...clients.map((client) => cell(row, client))]);
  if (startups !== undefined) {
    rows.push([...startupWhat, ...clients.map((client) => `${digits(startupMedian(startups, client))} ms`)]);
  }
  if (measured.length > 0) {
    const memory = clients.map((client) => `${digits(peakRssMiB.get(client) ?? NaN)} MiB`);
    rows.push(['', 'peak memory of the client process', '', ...memory]);
  }
  return {
    title: 'Client CPU µs per op · ops/s · p50/p99 ms, medians',
    header: [...what, ...clients.map((client) => titles[client])],
    rows,
  };
}
