// Prints tables for a terminal and as Markdown. The first two columns are words, the others numbers.
import type { Table } from './tables.ts';

const WORDS = 2;

export function terminal({ title, header, rows }: Table): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string =>
    column < WORDS ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  const line = (row: readonly string[]): string => row.map(pad).join('  ').trimEnd();
  return [title, '', line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

export function markdown({ title, header, rows }: Table): string {
  return `${title}.\n\n${markdownRows({ header, rows })}`;
}

/** A table without its title. */
export function markdownRows({ header, rows }: Omit<Table, 'title'>): string {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  const rule = line(header.map((_, column) => (column < WORDS ? '---' : '---:')));
  return [line(header), rule, ...rows.map(line)].join('\n');
}
