import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { migrateFile, type MigratedFile } from './file.ts';
import { Kinds } from './kinds.ts';
import { programOf } from './program.ts';

/** What a migration makes of files, by path. */
export interface Migrated {
  /** The files that change, with their text before. */
  readonly changed: ReadonlyMap<string, MigratedFile & { readonly before: string }>;
  /** Why a file was left as it is, although it may use etcd3. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Migrates files together: what one exports is known in the others. It writes nothing. */
export function migrate(files: readonly string[]): Migrated {
  const changed = new Map<string, MigratedFile & { before: string }>();
  const unreadable = new Map<string, string>();
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  if (![...texts.values()].some((text) => text.includes('etcd3'))) return { changed, unreadable };
  const program = programOf(files, files[0] as string);
  const sources = files.flatMap((file) => program.getSourceFile(file) ?? []);
  const kinds = new Kinds(program, sources);
  for (const source of sources) {
    const [wrong] = program.getSyntacticDiagnostics(source);
    if (wrong !== undefined) {
      const { line } = source.getLineAndCharacterOfPosition(wrong.start);
      unreadable.set(source.fileName, `line ${line + 1}: ${ts.flattenDiagnosticMessageText(wrong.messageText, ' ')}`);
      continue;
    }
    const before = texts.get(source.fileName) as string;
    const after = migrateFile(source, kinds);
    if (after !== undefined) changed.set(source.fileName, { ...after, text: likeBefore(after.text, before), before });
  }
  return { changed, unreadable };
}

/** Ends lines as the file does, and begins with its byte order mark. */
function likeBefore(text: string, before: string): string {
  const windows = before.includes('\r\n') && !/(?<!\r)\n/.test(before);
  const lines = windows ? text.replaceAll(/\r?\n/g, '\r\n') : text;
  return before.startsWith('\uFEFF') && !lines.startsWith('\uFEFF') ? `\uFEFF${lines}` : lines;
}
