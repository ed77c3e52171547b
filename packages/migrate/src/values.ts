// Arguments of etcd3 as arguments of etcdts.
import ts from 'typescript';
import { chainOf } from './chain.ts';
import type { Migration } from './migration.ts';
import { bare, isTyped, literal, propertiesOf } from './syntax.ts';

/** A value: etcd3 takes numbers and writes them as text. */
export function valueOf(migration: Migration, node: ts.Expression): string {
  const text = migration.render(node);
  const type = migration.kinds.checker.getTypeAtLocation(node);
  const parts = type.isUnion() ? type.types : [type];
  const numbers = parts.filter(({ flags }) => (flags & ts.TypeFlags.NumberLike) !== 0);
  // In TypeScript the compiler refuses a number.
  if ((type.flags & ts.TypeFlags.Any) !== 0 && !isTyped(migration.source) && !ts.isStringLiteralLike(node))
    migration.note('keys', 'if the value may be a number, write String(value)');
  if (numbers.length === 0) return text;
  if (ts.isNumericLiteral(node)) return `'${node.text}'`;
  const strings = parts.filter(({ flags }) => (flags & ts.TypeFlags.StringLike) !== 0);
  if (numbers.length + strings.length === parts.length) return `String(${text})`;
  return `typeof ${text} === 'number' ? String(${text}) : ${text}`;
}

/** A revision or an id: text in etcd3, a `bigint` or a number here. */
export function revisionOf(migration: Migration, node: ts.Expression): string {
  const at = bare(node);
  const digits = literal(at);
  if (digits !== undefined && /^\d+$/.test(digits)) return `${BigInt(digits)}n`;
  const text = migration.render(node);
  // What a response has is a bigint after the migration.
  if (ts.isPropertyAccessExpression(at) && /^I[A-Z]/.test(migration.kinds.of(at.expression) ?? '')) return text;
  const { flags } = migration.kinds.checker.getTypeAtLocation(node);
  return (flags & ts.TypeFlags.StringLike) !== 0 ? `BigInt(${text})` : text;
}

/** The id of a lease: of a variable that was a lease, or as it is given. */
export function leaseOf(migration: Migration, node: ts.Expression): string | undefined {
  const grant = bare(ts.isAwaitExpression(bare(node)) ? (bare(node) as ts.AwaitExpression).expression : node);
  const chain = chainOf(migration, grant);
  if (chain?.kind === 'Lease' && chain.links.length === 1 && chain.links[0]?.name === 'grant')
    return leaseNamesOf(migration, chain.base)?.id;
  const type = migration.kinds.checker.getTypeAtLocation(node);
  if (type.symbol?.name === 'Promise') return undefined;
  return revisionOf(migration, node);
}

/** What a variable is that was a lease of etcd3. */
export function leaseNamesOf(migration: Migration, node: ts.Expression): ReturnType<Migration['leases']['get']> {
  const symbol = migration.kinds.checker.getSymbolAtLocation(node);
  return symbol && migration.leases.get(symbol);
}

/** The `timeoutMs` of gRPC's call options with a deadline in some time; `undefined` if they are not that. */
export function timeoutOf(migration: Migration, node: ts.Expression): string | undefined {
  const at = bare(node);
  if (ts.isArrowFunction(at) && !ts.isBlock(at.body)) return timeoutOf(migration, at.body);
  const properties = propertiesOf(at);
  const deadline = properties?.size === 1 ? properties.get('deadline') : undefined;
  const sum = deadline && (ts.isNewExpression(deadline) ? deadline.arguments?.[0] : deadline);
  if (sum === undefined || !ts.isBinaryExpression(sum) || sum.operatorToken.kind !== ts.SyntaxKind.PlusToken)
    return undefined;
  return /^Date\.now\(\)$/.test(sum.left.getText()) ? migration.render(sum.right) : undefined;
}

/** A range of etcd3: the key and the options of a range here; `undefined` if it is not written out. */
export function rangeOf(migration: Migration, node: ts.Expression): { key: string; forms: string[] } | undefined {
  const at = bare(node);
  if (ts.isCallExpression(at) && ts.isPropertyAccessExpression(at.expression)) {
    const { name, expression } = at.expression;
    const [given] = at.arguments;
    const kind = migration.kinds.of(expression);
    if (given === undefined) return undefined;
    if (name.text === 'range' && (kind === 'Etcd3' || kind === 'Namespace')) return rangeOf(migration, given);
    if (kind !== 'Range') return undefined;
    if (name.text === 'from') return rangeOf(migration, given);
    return name.text === 'prefix' ? { key: migration.render(given), forms: ['prefix: true'] } : undefined;
  }
  if (ts.isNewExpression(at) && migration.kinds.of(at) === 'Range') {
    const [start, end] = at.arguments ?? [];
    if (start === undefined) return undefined;
    return {
      key: migration.render(start),
      forms: [end === undefined ? 'fromKey: true' : `rangeEnd: ${migration.render(end)}`],
    };
  }
  const properties = propertiesOf(at);
  const [prefix, start, end] = ['prefix', 'start', 'end'].map((name) => properties?.get(name));
  if (properties?.size === 1 && prefix) return { key: migration.render(prefix), forms: ['prefix: true'] };
  if (properties?.size === 2 && start && end)
    return { key: migration.render(start), forms: [`rangeEnd: ${migration.render(end)}`] };
  const { flags } = migration.kinds.checker.getTypeAtLocation(at);
  // A key is the range that begins with it.
  if ((flags & ts.TypeFlags.StringLike) !== 0) return { key: migration.render(at), forms: ['fromKey: true'] };
  return undefined;
}
