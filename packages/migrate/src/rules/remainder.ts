import ts from 'typescript';
import type { Migration } from '../migration.ts';
import { sectionOfKind } from './calls.ts';

/** Names that are values too. A comment about the name is enough. */
const VALUES = new Set(['LeaseState', 'Isolation', 'Range']);
const AWAITING = /^(then|catch|finally)$/;
/** The generated stubs, of which each call gets a comment. */
const SERVICES = /^(auth|cluster|maintenance)$/;

/** Two calls after each other that few libraries but etcd3 have. */
const LIKENESS =
  /^(put\.value|get\.(string|number|exists)|getAll\.(prefix|all|inRange|keys|strings|count)|delete\.(key|prefix|all)|watch\.(key|prefix))$/;

/** Members of etcd3's objects that no other rule has rewritten, and what may be one. */
export function remainder(migration: Migration, node: ts.Node): string | undefined {
  if (ts.isCallExpression(node)) return likeness(migration, node);
  if (ts.isStringLiteralLike(node)) return mention(migration, node);
  if (!ts.isPropertyAccessExpression(node) || migration.kept.has(node)) return undefined;
  const kind = migration.kinds.of(node.expression);
  if (kind === undefined || /^I[A-Z]/.test(kind) || kind.endsWith('Error')) return undefined;
  if (kind === 'Etcd3' && SERVICES.test(node.name.text) && ts.isPropertyAccessExpression(node.parent)) return undefined;
  if (VALUES.has(kind)) return undefined;
  if (AWAITING.test(node.name.text) && kind.endsWith('Builder')) return undefined;
  migration.note(sectionOfKind(kind), `${kind}.${node.name.text}: it has no counterpart of its own`);
  return undefined;
}

/** `put(k).value(v)` of an object whose type is not known. */
function likeness(migration: Migration, { expression: second }: ts.CallExpression): undefined {
  if (!ts.isPropertyAccessExpression(second) || !ts.isCallExpression(second.expression)) return;
  const { expression: first } = second.expression;
  if (!ts.isPropertyAccessExpression(first) || !LIKENESS.test(`${first.name.text}.${second.name.text}`)) return;
  const type = migration.kinds.typeOf(first.expression);
  if (type !== undefined) return;
  const names = `${first.name.text}().${second.name.text}()`;
  migration.note(
    'with-a-command',
    `${names}: this looks like a call of etcd3, but nothing shows the type of ${first.expression.getText()}`,
  );
}

/** What loads a module or takes its place. */
const LOADING = /(^|\.)(require|import|resolve|(do|un)?[mM]ock|(require|import)(Actual|Mock))$/;

/** `jest.mock('etcd3')`, `export * from 'etcd3'`. */
function mention(migration: Migration, node: ts.StringLiteralLike): undefined {
  const { parent } = node;
  const called = ts.isCallExpression(parent) && LOADING.test(parent.expression.getText());
  const module = called || ts.isExportDeclaration(parent);
  if (node.text === 'etcd3' && module) migration.note('the-client', 'this is about the package etcd3');
}
