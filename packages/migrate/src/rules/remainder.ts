import ts from 'typescript';
import type { Migration } from '../migration.ts';
import { sectionOfKind } from './calls.ts';

/** Names that are values too. A comment about the name is enough. */
const VALUES = new Set(['LeaseState', 'Isolation', 'Range']);
const AWAITING = /^(then|catch|finally)$/;
/** The generated stubs, of which each call gets a comment. */
const SERVICES = /^(auth|cluster|maintenance)$/;

/** Members of etcd3's objects that no other rule has rewritten. */
export function remainder(migration: Migration, node: ts.Node): string | undefined {
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

/** `jest.mock('etcd3')`, `export * from 'etcd3'`. */
function mention(migration: Migration, node: ts.StringLiteralLike): undefined {
  const { parent } = node;
  const module = ts.isCallExpression(parent) || ts.isExportDeclaration(parent);
  if (node.text === 'etcd3' && module) migration.note('the-client', 'this is about the package etcd3');
}
