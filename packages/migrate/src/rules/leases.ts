import ts from 'typescript';
import { partsOf, chainOf, Refusal, type Chain } from '../chain.ts';
import type { Migration } from '../migration.ts';
import type { Converted } from '../promises.ts';
import { bare, indentOf, literal, mayAwait, propertiesOf, shifted } from '../syntax.ts';
import { leaseNamesOf } from '../values.ts';

/** Methods of a lease that have a counterpart by its id or its keepalive. */
const METHODS = new Set(['put', 'grant', 'revoke', 'release', 'keepaliveOnce', 'on']);

/** `const lease = client.lease(10);`, after which the lease is an id. */
export function leaseStatement(migration: Migration, node: ts.Node): string | undefined {
  const [declaration, ...more] = ts.isVariableStatement(node) ? node.declarationList.declarations : [];
  if (declaration === undefined || more.length > 0 || !declaration.initializer) return grantStatement(migration, node);
  const chain = ts.isCallExpression(bare(declaration.initializer))
    ? chainOf(migration, declaration.initializer)
    : undefined;
  if (chain === undefined || chain.links.length > 1 || chain.links[0]?.name !== 'lease') return undefined;
  const text = migration.attempt(
    () => held(migration, node as ts.VariableStatement, declaration, chain),
    (one) => one === undefined,
  );
  if (text !== undefined) return text;
  for (const part of partsOf(chain)) migration.kept.add(part);
  migration.note(
    'leases',
    'lease(): const { id } = await client.lease.grant(ttl), client.lease.keepAlive(id), and puts take the id',
  );
  return undefined;
}

function held(
  migration: Migration,
  statement: ts.VariableStatement,
  { name }: ts.VariableDeclaration,
  chain: Chain,
): string | undefined {
  const isConst = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
  const symbol = ts.isIdentifier(name) ? migration.kinds.checker.getSymbolAtLocation(name) : undefined;
  const alone = isConst && statement.modifiers === undefined && mayAwait(migration.source, statement);
  const [ttl, given] = chain.links[0]?.args ?? [];
  const options = given === undefined ? new Map<string, ts.Expression>() : propertiesOf(bare(given));
  const auto = options?.get('autoKeepAlive')?.kind;
  if (!alone || symbol === undefined || ttl === undefined || options === undefined) return undefined;
  if (options.size > (auto === undefined ? 0 : 1)) return undefined;
  if (auto !== undefined && auto !== ts.SyntaxKind.TrueKeyword && auto !== ts.SyntaxKind.FalseKeyword) return undefined;
  const used = migration.referencesTo(symbol).filter((one) => one !== name);
  // What is told of a loss is the end of the one loop over the renewals.
  const calls = used.filter(isCall).map(({ parent }) => (parent as ts.PropertyAccessExpression).name.text);
  if (calls.length < used.length || calls.filter((name) => name === 'on').length > 1) return undefined;
  const client = migration.render(chain.base);
  const id = migration.imports.free(`${symbol.name}Id`);
  const keeps = auto !== ts.SyntaxKind.FalseKeyword;
  const named = calls.includes('release') || calls.includes('on');
  const keepAlive = keeps && named ? migration.imports.free(`${symbol.name}KeepAlive`) : undefined;
  migration.leases.set(symbol, { client, id, keepAlive });
  migration.count('lease');
  const lines = [`const { id: ${id} } = await ${client}.lease.grant(${migration.render(ttl)});`];
  if (keeps) lines.push(`${keepAlive === undefined ? '' : `const ${keepAlive} = `}${client}.lease.keepAlive(${id});`);
  return lines.join(`\n${indentOf(migration.source, statement)}`);
}

const isCall = ({ parent }: ts.Identifier): boolean =>
  ts.isPropertyAccessExpression(parent) && METHODS.has(parent.name.text) && ts.isCallExpression(parent.parent);

/** `await lease.grant();` only waits for what has happened. */
function grantStatement(migration: Migration, node: ts.Node): string | undefined {
  if (!ts.isExpressionStatement(node) || !ts.isAwaitExpression(node.expression)) return undefined;
  const call = bare(node.expression.expression);
  const chain = ts.isCallExpression(call) ? chainOf(migration, call) : undefined;
  if (chain?.kind !== 'Lease' || chain.links.length > 1 || chain.links[0]?.name !== 'grant') return undefined;
  return leaseNamesOf(migration, chain.base) && '';
}

/** Calls of a lease that has become an id. */
export function leaseCalls(migration: Migration, chain: Chain): Converted | Refusal | undefined {
  if (chain.links[0]?.name === 'lease')
    return new Refusal('a lease is an id, which client.lease.grant(ttl) resolves with');
  if (chain.kind !== 'Lease') return undefined;
  const lease = leaseNamesOf(migration, chain.base);
  const [link, ...more] = chain.links;
  if (lease === undefined || link === undefined || more.length > 0)
    return new Refusal('client.lease takes the id of a lease');
  migration.count('lease');
  const { client, id, keepAlive } = lease;
  const statement = ts.isExpressionStatement(chain.node.parent);
  if (link.name === 'grant') return { call: `Promise.resolve(${id})`, take: () => id };
  if (link.name === 'revoke' && link.args.length === 0) return { call: `${client}.lease.revoke(${id})` };
  if (link.name === 'keepaliveOnce' && link.args.length === 0) return { call: `${client}.lease.keepAliveOnce(${id})` };
  if (link.name === 'release' && keepAlive !== undefined) {
    if (!statement) return { call: `${keepAlive}.cancel()` };
    return { call: `${mayAwait(migration.source, chain.node) ? 'await' : 'void'} ${keepAlive}.cancel()` };
  }
  const [event, handler] = link.args;
  if (link.name !== 'on' || literal(event) !== 'lost' || handler === undefined || keepAlive === undefined || !statement)
    return new Refusal('a keepalive is a loop over its renewals, and has a signal');
  const inline = ts.isArrowFunction(handler) || ts.isFunctionExpression(handler);
  const indent = indentOf(migration.source, chain.node);
  const text = shifted(migration.source, handler, migration.render(handler), `${indent}  `);
  const called = `${inline ? `(${text})` : text}(${inline && handler.parameters.length === 0 ? '' : 'error'})`;
  // The loop ends if the lease is revoked or released, of which etcd3 emits no event.
  const closed = `${migration.imports.use('isEtcdError', '@etcdts/core')}(error, 'CLIENT_CLOSED')`;
  const loop = `void (async () => {\n${indent}  for await (const _ of ${keepAlive});\n${indent}})()`;
  return { call: `${loop}.catch((error) => {\n${indent}  if (!${closed}) ${called};\n${indent}})`, sync: true };
}
