import { relative } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import type { Migrated } from './migrate.ts';

/** The changes as a unified diff. */
export function diffOf({ changed }: Migrated): string {
  const patches = [...changed].map(([file, { before, text }]) => {
    const name = shown(file);
    return createTwoFilesPatch(name, name, before, text, undefined, undefined, { context: 2 }).replace(/^=+\n/, '');
  });
  return patches.join('');
}

const shown = (file: string): string => relative('', file) || file;

const many = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** What was done, for people. */
export function summaryOf({ changed, unreadable }: Migrated, files: number, dryRun: boolean): string {
  const lines = [`${many(files, 'file')} read, ${changed.size} ${dryRun ? 'would be rewritten' : 'rewritten'}`];
  const counts = new Map<string, number>();
  for (const { counts: own } of changed.values())
    for (const [kind, count] of own) counts.set(kind, (counts.get(kind) ?? 0) + count);
  const sorted = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  if (sorted.length > 0) lines.push(`rewritten: ${sorted.map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
  const comments = [...changed].flatMap(([file, { text }]) => commentsOf(file, text));
  const left = [...changed.values()].reduce((sum, file) => sum + file.left, 0);
  lines.push(`comments left: ${left}`, ...comments);
  if (unreadable.size > 0) lines.push(`could not be read or written: ${unreadable.size}`);
  for (const [file, why] of unreadable) lines.push(`  ${shown(file)}: ${why}`);
  const modules = [...new Set([...changed.values()].flatMap((file) => file.modules))].sort();
  if (modules.length > 0)
    lines.push(
      `next: npm install ${modules.join(' ')}, then your formatter, the compiler, and the comments; npm uninstall etcd3 last`,
    );
  return lines.join('\n');
}

function commentsOf(file: string, text: string): string[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    const found = /\/\/ TODO\(etcdts\): (.*)\. https:\S+$/.exec(line)?.[1];
    return found === undefined ? [] : [`  ${shown(file)}:${i + 1}: ${found}`];
  });
}
