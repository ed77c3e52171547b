import ts from 'typescript';
import { chainOf, isIrregular, Refusal, type Chain } from '../chain.ts';
import type { Migration } from '../migration.ts';
import type { Converted } from '../promises.ts';
import { argumentsOf, bare, indentOf, literal } from '../syntax.ts';
import { rangeOf, revisionOf } from '../values.ts';

/** `client.watch().key(k).create()` where it is no statement of its own, and `watcher.cancel()`. */
export function watches(migration: Migration, chain: Chain): Converted | Refusal | undefined {
  if (chain.kind === 'Watcher') {
    if (chain.links.length === 1 && chain.links[0]?.name === 'cancel')
      return { call: `${migration.render(chain.base)}.cancel()` };
    return new Refusal('a watch is a loop: for await (const { type, kv, prevKv } of watch.events())');
  }
  if (chain.links[0]?.name !== 'watch') return undefined;
  const watch = watchOf(migration, chain);
  if (typeof watch !== 'string') return watch;
  return { call: `(async () => { const watch = ${watch}; await watch.created; return watch; })()` };
}

/** `const watcher = await client.watch().key(k).create();`, or an assignment. */
export function watchStatement(migration: Migration, node: ts.Node): string | undefined {
  const target = targetOf(node);
  const value = target && bare(target.value);
  const awaited = value && ts.isAwaitExpression(value) ? bare(value.expression) : undefined;
  const chain = awaited && ts.isCallExpression(awaited) ? chainOf(migration, awaited) : undefined;
  if (target === undefined || chain === undefined || chain.links[0]?.name !== 'watch' || isIrregular(chain))
    return undefined;
  const watch = migration.attempt(
    () => watchOf(migration, chain),
    (one) => typeof one !== 'string',
  );
  if (typeof watch !== 'string') return undefined;
  const { source } = migration;
  const name = target.name.getText(source);
  const head = source.text.slice(node.getStart(source), target.value.getStart(source));
  const end = source.text.slice(target.value.end, node.end);
  return `${head}${watch}${end}\n${indentOf(source, node)}await ${name}.created${end}`;
}

function targetOf(node: ts.Node): { readonly name: ts.Node; readonly value: ts.Expression } | undefined {
  if (ts.isVariableStatement(node)) {
    const [declaration, ...more] = node.declarationList.declarations;
    if (declaration?.initializer === undefined || more.length > 0 || !ts.isIdentifier(declaration.name))
      return undefined;
    return declaration.type === undefined ? { name: declaration.name, value: declaration.initializer } : undefined;
  }
  if (!ts.isExpressionStatement(node) || !ts.isBinaryExpression(node.expression)) return undefined;
  const { left, right, operatorToken } = node.expression;
  return operatorToken.kind === ts.SyntaxKind.EqualsToken ? { name: left, value: right } : undefined;
}

/** `client.watch(key, options)`. */
function watchOf(migration: Migration, chain: Chain): string | Refusal {
  let range: { readonly key: string; readonly forms: readonly string[] } | undefined;
  const options: string[] = [];
  if (chain.links.at(-1)?.name !== 'create') return new Refusal('a watch is created by client.watch(key, options)');
  for (const { name, args } of chain.links.slice(1, -1)) {
    const [first] = args;
    if (name === 'withPreviousKV') options.push('prevKv: true');
    else if (name === 'only' || name === 'ignore') {
      const kinds = args.map((one) => literal(one));
      if (kinds.includes(undefined)) return new Refusal('filters are the kinds of events that are left out');
      // The `ignore` of etcd3 does the same as its `only`.
      const filters = ['put', 'delete'].filter((kind) => !kinds.includes(kind));
      if (filters.length > 0) options.push(`filters: ['${filters.join("', '")}']`);
    } else if (first === undefined) return new Refusal(`.${name}() has no counterpart`);
    else if (name === 'startRevision') options.push(`startRevision: ${revisionOf(migration, first)}`);
    else if (name === 'key') range = { key: migration.render(first), forms: [] };
    else if (name === 'prefix') range = { key: migration.render(first), forms: ['prefix: true'] };
    else if (name === 'inRange') {
      range = rangeOf(migration, first);
      if (range === undefined)
        return new Refusal('a range that is not written out here becomes a key with prefix or rangeEnd');
    } else return new Refusal(`.${name}() has no counterpart`);
  }
  if (range === undefined) return new Refusal('a watch has a key');
  migration.count('watch');
  return `${migration.render(chain.base)}.watch${argumentsOf([range.key], [...range.forms, ...options])}`;
}
