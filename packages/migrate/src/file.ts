import type ts from 'typescript';
import type { Kinds } from './kinds.ts';
import { Migration, type Rule } from './migration.ts';
import { calls } from './rules/calls.ts';
import { construction, heldOptions } from './rules/client.ts';
import { leaseStatement } from './rules/leases.ts';
import { names } from './rules/names.ts';
import { remainder } from './rules/remainder.ts';
import { responses } from './rules/responses.ts';
import { watchEvents } from './rules/watch-events.ts';
import { watchStatement } from './rules/watches.ts';
import { importedFrom, ImportStatements } from './import-statements.ts';

/** A file after the migration. */
export interface MigratedFile {
  readonly text: string;
  /** How often each kind of call was rewritten. */
  readonly counts: ReadonlyMap<string, number>;
  /** How many comments were left. */
  readonly left: number;
  /** The packages that it imports now. */
  readonly modules: readonly string[];
}

const RULES: readonly Rule[] = [
  ...[leaseStatement, watchStatement, watchEvents, calls, construction, heldOptions, names, responses, remainder],
];

/** Migrates one file; `undefined` if nothing in it is etcd3's. */
export function migrateFile(source: ts.SourceFile, kinds: Kinds): MigratedFile | undefined {
  const statements = new ImportStatements(source, importedFrom(source, kinds.checker));
  const migration = new Migration(source, kinds, [statements.rule, ...RULES]);
  const { text: old } = source;
  const start = source.statements[0]?.getStart(source) ?? old.length;
  const body = migration.inner(source);
  const head = old.slice(0, source.getStart(source));
  const text = typesInComments(statements.finish(head + body, start, migration));
  if (text === old) return undefined;
  return { text, counts: migration.counts, left: migration.left, modules: migration.imports.modules };
}

const COMMENTED: Readonly<Record<string, string>> = {
  Etcd3: 'EtcdClient',
  Namespace: 'EtcdOperations',
  IOptions: 'ClientOptions',
};

/** `@param {import('etcd3').Etcd3} client`, in which JavaScript has types. */
function typesInComments(text: string): string {
  return text.replaceAll(
    /import\((['"])etcd3\1\)\.(Etcd3|Namespace|IOptions)\b/g,
    (_, quote: string, name: string) => `import(${quote}@etcdts/core${quote}).${COMMENTED[name] ?? name}`,
  );
}
