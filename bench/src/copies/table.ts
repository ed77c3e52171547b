// The table of copies.
import { titleOf } from '../clients/index.ts';
import { type Results, has, measuredSpread, ratio } from '../results.ts';
import type { Metric } from '../statistics.ts';
import { type Table, operationTitle, withQuartiles } from '../tables.ts';

const units: Readonly<Partial<Record<Metric, string>>> = { cpu: 'µs CPU', memory: 'B', throughput: 'a second' };

/** Copies beside what they stand for, if they were measured. */
export function copiesTable(results: Results): Table | undefined {
  const rows = results.measured.filter(({ id }) => id.startsWith('copies/'));
  if (rows.length === 0) return undefined;
  return {
    title: 'Copies, medians, and the ratio to what they stand for',
    header: ['what', 'copy', 'beside', 'ratio'],
    rows: rows.flatMap((row) => {
      const { metric } = row;
      const value = (label: string): string => {
        if (!has(row, label, metric)) return '';
        const { median } = measuredSpread(row, label, metric);
        const text = median < 100 ? median.toFixed(2) : Math.round(median).toLocaleString('en');
        return `${text} ${units[metric] ?? ''}`;
      };
      const sides = Object.keys(row.samples).filter((label) => label !== 'copy');
      return sides.map((side) => [
        ...[operationTitle(row), value('copy'), `${titleOf(side)}: ${value(side)}`],
        withQuartiles(ratio(row, 'copy', side, metric)),
      ]);
    }),
  };
}
