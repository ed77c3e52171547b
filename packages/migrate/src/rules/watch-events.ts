import ts from 'typescript';
import { chainOf, partsOf, type Chain } from '../chain.ts';
import type { Migration } from '../migration.ts';
import { indentOf, literal, shifted } from '../syntax.ts';

/** `watcher.on('put', …)`: all of them that follow one another become one loop. */
export function watchEvents(migration: Migration, node: ts.Node): string | undefined {
  const chain = listeningOf(migration, node);
  if (chain === undefined) return undefined;
  const statements = neighboursOf(migration, node as ts.ExpressionStatement, chain.base.getText());
  const chains = statements.map((one) => listeningOf(migration, one) as Chain);
  const handlers = chains.flatMap(({ links }) =>
    links.map(({ args }) => ({ event: literal(args[0]), handler: args[1] })),
  );
  const events = handlers.map(({ event }) => event ?? '');
  const mixed = events.includes('data') && (events.includes('put') || events.includes('delete'));
  const known = handlers.every(({ event, handler }) => handler !== undefined && EVENTS.has(event ?? ''));
  const twice = new Set(events).size < events.length;
  if (mixed || twice || !known || listensElsewhere(migration, chain.base, statements)) {
    for (const part of partsOf(chain)) migration.kept.add(part);
    migration.note(
      'watches',
      'on(): a watch has one reader: one loop, for await (const { type, kv, prevKv } of watch.events())',
    );
    return undefined;
  }
  if (statements[0] !== node) return '';
  migration.count('watch events');
  if (events.some((event) => CONNECTIONS.has(event)))
    migration.note(
      'watches',
      'connecting, connected, disconnected: a watch resumes by itself, and the log and channels of Node tell of it',
    );
  const of = (event: string): ts.Expression | undefined => handlers.find((one) => one.event === event)?.handler;
  const indent = indentOf(migration.source, node);
  return `${loopOf(migration, chain.base, of, indent)}${endOf(migration, of)};`;
}

const CONNECTIONS = new Set(['connecting', 'connected', 'disconnected']);
const EVENTS = new Set(['put', 'delete', 'data', 'error', 'end', ...CONNECTIONS]);

function listeningOf(migration: Migration, node: ts.Node | undefined): Chain | undefined {
  if (node === undefined || !ts.isExpressionStatement(node) || !ts.isCallExpression(node.expression)) return undefined;
  const chain = chainOf(migration, node.expression);
  return chain?.kind === 'Watcher' && chain.links.every(({ name }) => name === 'on') ? chain : undefined;
}

/** The statements beside one that listen to the same watcher, without others between them. */
function neighboursOf(migration: Migration, node: ts.ExpressionStatement, base: string): ts.ExpressionStatement[] {
  const { parent } = node;
  if (!ts.isBlock(parent) && !ts.isSourceFile(parent) && !ts.isCaseOrDefaultClause(parent)) return [node];
  const all = parent.statements;
  const same = (one: ts.Statement | undefined): boolean => listeningOf(migration, one)?.base.getText() === base;
  let [from, to] = [all.indexOf(node), all.indexOf(node)];
  while (same(all[from - 1])) from--;
  while (same(all[to + 1])) to++;
  return all.slice(from, to + 1) as ts.ExpressionStatement[];
}

/** Whether the file listens to a watcher at another place too. */
function listensElsewhere(migration: Migration, base: ts.Expression, statements: readonly ts.Node[]): boolean {
  const text = base.getText();
  let found = false;
  const visit = (node: ts.Node): void => {
    if (statements.includes(node as ts.ExpressionStatement)) return;
    if (ts.isPropertyAccessExpression(node) && /^(on|once)$/.test(node.name.text) && node.expression.getText() === text)
      found ||= migration.kinds.of(node.expression) === 'Watcher' && sameOwner(migration, node.expression, base);
    ts.forEachChild(node, visit);
  };
  visit(migration.source);
  return found;
}

const sameOwner = ({ kinds: { checker } }: Migration, one: ts.Node, other: ts.Node): boolean =>
  checker.getSymbolAtLocation(one) === checker.getSymbolAtLocation(other);

type Handlers = (event: string) => ts.Expression | undefined;

function loopOf(migration: Migration, base: ts.Expression, of: Handlers, indent: string): string {
  // Within a function the compiler does not know any more that a field or a variable that changes has a value.
  const given = isConst(migration, base) ? undefined : migration.render(base);
  const watch = given === undefined ? migration.render(base) : 'watch';
  const loop = (head: string, body: string): string =>
    `void (async (${given === undefined ? '' : watch}) => {\n${indent}  for await (${head})${body}\n${indent}})(${given ?? ''})`;
  const block = (lines: readonly string[]): string =>
    ` {\n${lines.map((line) => `${indent}    ${line}\n`).join('')}${indent}  }`;
  const inner = `${indent}    `;
  const data = of('data');
  if (data !== undefined)
    return loop(`const response of ${watch}`, ` ${call(migration, data, ['response'], `${indent}  `)};`);
  const [put, deleted] = [of('put'), of('delete')];
  const plain = plainOf(migration, [put, deleted]);
  if (plain !== undefined) {
    const lines = [put, deleted].flatMap((one, i) => {
      if (one === undefined) return [];
      return [`if (type === '${i === 0 ? 'put' : 'delete'}') ${bodyOf(migration, one as ts.ArrowFunction, inner)}`];
    });
    return loop(`const { type${plain} } of ${watch}.events()`, block(lines));
  }
  const read = [put, deleted].some((one) => one !== undefined && parametersOf(one) > 1) ? ', prevKv' : '';
  const lines = [
    ...(put === undefined ? [] : [`if (type === 'put') ${call(migration, put, ['kv', 'prevKv'], inner)};`]),
    ...(deleted === undefined ? [] : [`if (type === 'delete') ${call(migration, deleted, ['kv', 'prevKv'], inner)};`]),
  ];
  return loop(`const { type, kv${read} } of ${watch}.events()`, block(lines));
}

function isConst({ kinds }: Migration, base: ts.Expression): boolean {
  const declaration = ts.isIdentifier(base) ? kinds.checker.getSymbolAtLocation(base)?.valueDeclaration : undefined;
  return declaration !== undefined && (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
}

/** How the key value is read if the handlers can stand in the loop as they are; `undefined` if they are called there. */
function plainOf({ imports }: Migration, handlers: readonly (ts.Expression | undefined)[]): string | undefined {
  const names = new Set<string>();
  for (const one of handlers) {
    if (one === undefined) continue;
    if (!ts.isArrowFunction(one) || one.parameters.length > 1 || one.modifiers !== undefined || returns(one.body))
      return undefined;
    const [parameter] = one.parameters;
    if (parameter === undefined) continue;
    if (!ts.isIdentifier(parameter.name) || parameter.initializer) return undefined;
    names.add(parameter.name.text);
  }
  const [name] = names;
  if (names.size > 1 || imports.declares('type')) return undefined;
  return name === undefined ? '' : name === 'kv' ? ', kv' : `, kv: ${name}`;
}

function returns(node: ts.Node): boolean {
  if (ts.isReturnStatement(node)) return true;
  return !ts.isFunctionLike(node) && (ts.forEachChild(node, (child) => returns(child) || undefined) ?? false);
}

function bodyOf(migration: Migration, { body }: ts.ArrowFunction, indent: string): string {
  const text = shifted(migration.source, body, migration.render(body), indent);
  return ts.isBlock(body) ? text : `${text};`;
}

const isInline = (node: ts.Expression): node is ts.ArrowFunction | ts.FunctionExpression =>
  ts.isArrowFunction(node) || ts.isFunctionExpression(node);

/** How many arguments a handler may read. */
const parametersOf = (node: ts.Expression): number => (isInline(node) ? node.parameters.length : 2);

function call(migration: Migration, handler: ts.Expression, args: readonly string[], indent: string): string {
  const text = shifted(migration.source, handler, migration.render(handler), indent);
  const list = args.slice(0, parametersOf(handler)).join(', ');
  return `${isInline(handler) ? `(${text})` : text}(${list})`;
}

function endOf(migration: Migration, of: Handlers): string {
  const [end, error] = [of('end'), of('error')].map((one) => one && migration.render(one));
  if (end === undefined) return error === undefined ? '' : `.catch(${error})`;
  return `.then(${error === undefined ? end : `${end}, ${error}`})`;
}
