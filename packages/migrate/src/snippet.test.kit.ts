import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from './migrate.ts';

/** What a migration makes of files, by name. Those that stay as they are have their text of before. */
export function migrated(files: Readonly<Record<string, string>>): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'etcdts-migrate-'));
  try {
    const paths = Object.entries(files).map(([name, text]) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    });
    const { changed, unreadable } = migrate(paths);
    if (unreadable.size > 0) throw new Error([...unreadable.values()].join('\n'));
    return Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name, changed.get(join(folder, name))?.text ?? text]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const HEAD = `import { Etcd3 } from 'etcd3';\ndeclare const client: Etcd3;\n`;

/** The lines of a TypeScript module in which `client` is a client of etcd3, without its imports and without addresses. */
export function lines(text: string, head: string = HEAD): string[] {
  const { 'a.ts': after = '' } = migrated({ 'a.ts': `${head}${text}\n` });
  const declared = after.split('\n').findIndex((line) => line.startsWith('declare const'));
  return after
    .split('\n')
    .slice(declared + 1, -1)
    .map((line) => line.replace(/ https:\S+#(\S+)$/, ' #$1'));
}
