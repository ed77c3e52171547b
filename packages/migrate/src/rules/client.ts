import ts from 'typescript';
import type { Chain, Refusal } from '../chain.ts';
import type { Migration } from '../migration.ts';
import type { Converted } from '../promises.ts';
import { bare, literal, mayAwait, propertiesOf } from '../syntax.ts';
import { timeoutOf } from '../values.ts';

const CORE = '@etcdts/core';

/** `new Etcd3(options)`. */
export function construction(migration: Migration, node: ts.Node): string | undefined {
  if (!ts.isNewExpression(node) || migration.kinds.of(node) !== 'Etcd3') return undefined;
  const [given] = node.arguments ?? [];
  const create = migration.imports.use('createClient', CORE);
  migration.count('new Etcd3');
  if (given === undefined) return `${create}({ ${DEFAULT} })`;
  const options = optionsOf(migration, given);
  if (options !== undefined) return `${create}(${options})`;
  const held = ts.isIdentifier(given) ? literalOf(migration, given) : undefined;
  if (held === undefined)
    migration.note(
      'the-client',
      'the options have other names: endpoints for hosts, tls for credentials, interceptors with auth',
    );
  return `${create}(${migration.render(given)})`;
}

/** The object literal of a variable that holds options of a client. */
function literalOf({ kinds }: Migration, name: ts.Identifier): ts.ObjectLiteralExpression | undefined {
  const declaration = kinds.checker.getSymbolAtLocation(name)?.valueDeclaration;
  const value = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  return value !== undefined && ts.isObjectLiteralExpression(value) ? value : undefined;
}

/** `const options = { hosts }`, if a client is made of them. */
export function heldOptions(migration: Migration, node: ts.Node): string | undefined {
  if (!ts.isObjectLiteralExpression(node) || !ts.isVariableDeclaration(node.parent)) return undefined;
  const { name, type } = node.parent;
  const symbol = ts.isIdentifier(name) ? migration.kinds.checker.getSymbolAtLocation(name) : undefined;
  const declared = type !== undefined && migration.kinds.of(type) === 'IOptions';
  const used = (): boolean =>
    symbol !== undefined &&
    migration
      .referencesTo(symbol)
      .some(({ parent }) => ts.isNewExpression(parent) && migration.kinds.of(parent) === 'Etcd3');
  return declared || used() ? optionsOf(migration, node) : undefined;
}

/** The object of options with other names; its layout and comments stay. */
function optionsOf(migration: Migration, given: ts.Expression): string | undefined {
  const literal = bare(given);
  const properties = propertiesOf(literal);
  if (properties === undefined || !ts.isObjectLiteralExpression(literal)) return undefined;
  if ([...properties.keys()].some((name) => !OPTIONS.has(name))) return undefined;
  const { source } = migration;
  let at = literal.getStart(source);
  let text = '';
  for (const [i, property] of literal.properties.entries()) {
    const name = property.name?.getText(source).replaceAll(/['"]/g, '') ?? '';
    const own = optionOf(migration, name, properties.get(name) as ts.Expression, properties);
    if (own !== undefined) text += source.text.slice(at, property.getStart(source)) + own;
    // An option that is gone goes with its line and its comma.
    else if (i === 0) text += source.text.slice(at, literal.properties.pos);
    const comma = /^\s*,/.exec(source.text.slice(property.end, literal.end - 1))?.[0] ?? '';
    if (own !== undefined) text += comma;
    at = property.end + comma.length;
  }
  text += source.text.slice(at, literal.end);
  if (properties.has('hosts')) return text;
  const [, space = ' '] = /^\{(\s*)\S/.exec(text) ?? [];
  return properties.size === 0 ? `{ ${DEFAULT} }` : `{${space}${DEFAULT},${space}${text.slice(1).trimStart()}`;
}

const DEFAULT = `endpoints: '127.0.0.1:2379'`;
const OPTIONS = new Set([
  'hosts',
  'dialTimeout',
  'credentials',
  'auth',
  'defaultCallOptions',
  'grpcOptions',
  'faultHandling',
]);

/** One option; `undefined` if it is gone. */
function optionOf(
  migration: Migration,
  name: string,
  value: ts.Expression,
  properties: ReadonlyMap<string, ts.Expression>,
): string | undefined {
  const was = (): string => `${name}: ${value.getText(migration.source)}`.replaceAll(/\s+/g, ' ');
  if (name === 'hosts') return `endpoints: ${migration.render(value)}`;
  if (name === 'dialTimeout') return `connectTimeoutMs: ${migration.render(value)}`;
  if (name === 'auth') return `interceptors: [${authOf(migration, value, properties)}]`;
  if (name === 'credentials') {
    const tls = tlsOf(migration, value);
    if (tls === undefined) migration.note('the-client', 'the credentials have other names: ca, key and cert');
    return `tls: ${tls ?? migration.render(value)}`;
  }
  if (name === 'defaultCallOptions') {
    const timeout = timeoutOf(migration, value);
    if (timeout !== undefined) return `requestTimeoutMs: ${timeout}`;
    migration.note('the-client', `${was()} becomes requestTimeoutMs`);
  }
  if (name === 'grpcOptions') migration.note('the-client', `${was()} becomes keepalive, maxSendBytes, maxReceiveBytes`);
  if (name === 'faultHandling')
    migration.note(
      'the-client',
      'faultHandling is gone: core repeats only what is provably harmless, @etcdts/retry does more',
    );
  return undefined;
}

const CREDENTIALS: Readonly<Record<string, string>> = { rootCertificate: 'ca', privateKey: 'key', certChain: 'cert' };

function tlsOf(migration: Migration, value: ts.Expression): string | undefined {
  const properties = propertiesOf(bare(value));
  if (properties === undefined) return undefined;
  const list = [...properties].map(([name, one]) => {
    const [own, text] = [CREDENTIALS[name], migration.render(one)];
    return own && (own === text ? own : `${own}: ${text}`);
  });
  return list.includes(undefined) ? undefined : `{ ${list.join(', ')} }`;
}

function authOf(migration: Migration, value: ts.Expression, options: ReadonlyMap<string, ts.Expression>): string {
  const properties = propertiesOf(bare(value));
  const list = [...(properties ?? [])]
    .filter(([name]) => name !== 'callOptions')
    .map(([name, one]) => (migration.render(one) === name ? name : `${name}: ${migration.render(one)}`));
  const hosts = options.get('hosts');
  const text = hosts?.getText(migration.source) ?? '';
  const safe =
    hosts === undefined ||
    options.has('credentials') ||
    /^\[?\s*['"](https:|unix|(http:\/\/)?(localhost|127\.))/.test(text);
  if (!safe)
    migration.note(
      'the-client',
      'a password is sent over TLS or to this machine; auth({ …, allowInsecure: true }) lifts that',
    );
  return `${migration.imports.use('auth', '@etcdts/auth')}(${properties ? `{ ${list.join(', ')} }` : migration.render(value)})`;
}

/** `client.namespace(prefix)` and `client.close()`. */
export function clientCalls(migration: Migration, chain: Chain): Converted | Refusal | undefined {
  const [first, ...more] = chain.links;
  if (more.length > 0 || (chain.kind !== 'Etcd3' && chain.kind !== 'Namespace')) return undefined;
  const client = migration.render(chain.base);
  if (first?.name === 'close') {
    migration.count('close');
    const { parent } = chain.node;
    if (!ts.isExpressionStatement(parent)) return { call: `${client}.close()` };
    return { call: `${mayAwait(migration.source, chain.node) ? 'await' : 'void'} ${client}.close()` };
  }
  const prefix = first?.args[0];
  if (first?.name !== 'namespace' || prefix === undefined) return undefined;
  const text = literal(prefix);
  const delimited = text === undefined || /[^\w-]$/.test(text);
  migration.count('namespace');
  const options = delimited ? '' : ', { anyPrefix: true }';
  const call = `${migration.imports.use('withNamespace', '@etcdts/namespace')}(${client}, ${migration.render(prefix)}${options})`;
  return { call, sync: true };
}
