import ts from 'typescript';
import { chainOf, isIrregular, Refusal, type Chain, type Link } from '../chain.ts';
import type { Migration } from '../migration.ts';
import type { Converted } from '../promises.ts';
import { requestOf } from '../requests.ts';
import { argumentsOf, bare, literal } from '../syntax.ts';
import { revisionOf, timeoutOf, valueOf } from '../values.ts';

const CORE = '@etcdts/core';
const COLUMNS: Readonly<Record<string, string>> = {
  Version: 'version',
  Create: 'createRevision',
  Mod: 'modRevision',
  Value: 'value',
  Lease: 'lease',
};
const COMPARISONS: Readonly<Record<string, string>> = {
  ...{ '==': '=', '===': '=', '!=': '!=', '!==': '!=', '>': '>', '<': '<' },
};

/** `client.if(…).and(…).then(…).else(…).commit()`. */
export function transactions(migration: Migration, chain: Chain): Converted | Refusal | undefined {
  if (chain.links[0]?.name !== 'if') return undefined;
  const parts = { if: [] as string[], then: [] as string[], else: [] as string[] };
  const options: string[] = [];
  if (chain.links.at(-1)?.name !== 'commit')
    return new Refusal('a transaction that is built in steps becomes one call of kv.txn({ if, then, else })');
  for (const link of chain.links.slice(0, -1)) {
    if (link.name === 'if' || link.name === 'and') {
      const condition = conditionOf(migration, link);
      if (condition === undefined)
        return new Refusal('a condition takes one of compare.value, version, createRevision, modRevision, lease');
      parts.if.push(condition);
    } else if (link.name === 'then' || link.name === 'else') {
      for (const clause of link.args) {
        const operation = operationOf(migration, clause);
        if (operation === undefined)
          return new Refusal('operations that are not written out here become op.put, op.get, op.delete');
        parts[link.name].push(operation);
      }
    } else {
      const timeout = link.name === 'options' && link.args[0] ? timeoutOf(migration, link.args[0]) : undefined;
      if (timeout === undefined) return new Refusal('the call options of gRPC become timeoutMs, signal or metadata');
      options.push(`timeoutMs: ${timeout}`);
    }
  }
  const lists = Object.entries(parts).filter(([, list]) => list.length > 0);
  const txn = `{ ${lists.map(([name, list]) => `${name}: [${list.join(', ')}]`).join(', ')} }`;
  migration.count('if');
  return { call: `${migration.render(chain.base)}.kv.txn${argumentsOf([txn], options)}` };
}

function conditionOf(migration: Migration, { args }: Link): string | undefined {
  if (args.some(ts.isSpreadElement)) return undefined;
  const [key, column, comparison, value] = args;
  const name = COLUMNS[literal(column) ?? ''];
  const sign = COMPARISONS[literal(comparison) ?? ''];
  if (key === undefined || value === undefined || name === undefined || sign === undefined) return undefined;
  const revision = name === 'createRevision' || name === 'modRevision' || name === 'lease';
  const given =
    name === 'value' ? valueOf(migration, value) : revision ? revisionOf(migration, value) : migration.render(value);
  if (name === 'createRevision' && sign === '=' && /^0n?$/.test(given))
    return `${migration.imports.use('keyMissing', CORE)}(${migration.render(key)})`;
  return `${migration.imports.use('compare', CORE)}.${name}(${migration.render(key)}, '${sign}', ${given})`;
}

/** An operation of a transaction. */
function operationOf(migration: Migration, node: ts.Expression): string | undefined {
  if (ts.isSpreadElement(node)) return undefined;
  const at = bare(node);
  const call = ts.isAwaitExpression(at) ? bare(at.expression) : at;
  const chain = ts.isCallExpression(call) ? chainOf(migration, call) : undefined;
  if (chain === undefined || isIrregular(chain)) return undefined;
  const { links } = chain;
  // `await builder.op()` is what a builder is in a transaction.
  const own = links.at(-1)?.name === 'op' ? { ...chain, links: links.slice(0, -1) } : chain;
  const request = requestOf(migration, own);
  if (request === undefined || request instanceof Refusal || request.answer !== undefined) return undefined;
  const { verb, args, options } = request;
  return `${migration.imports.use('op', CORE)}.${verb}${argumentsOf(args, options)}`;
}
