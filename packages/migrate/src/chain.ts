import ts from 'typescript';
import type { Migration } from './migration.ts';
import { bare } from './syntax.ts';

/** Calls of etcd3 one after the other: `client.put(k).value(v)` has the base `client` and two links. */
export interface Chain {
  readonly base: ts.Expression;
  /** The type of the base. */
  readonly kind: string;
  readonly links: readonly Link[];
  readonly node: ts.CallExpression;
}

export interface Link {
  readonly name: string;
  readonly args: readonly ts.Expression[];
}

/** A call that has no counterpart, and why. */
export class Refusal {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** Builders, which send when they are awaited. */
export const LAZY: ReadonlySet<string> = new Set([
  ...['SingleRangeBuilder', 'MultiRangeBuilder', 'PutBuilder', 'DeleteBuilder'],
]);
const AWAITING = /^(then|catch|finally)$/;
/** Objects with which a chain begins. */
const CLIENTS = new Set(['Etcd3', 'Namespace', 'SoftwareTransaction', 'AuthClient']);
/** Objects with which one begins if they are in a variable. */
const HELD = new Set(['Lease', 'Role', 'User', 'Lock', 'Election', 'Campaign', 'ElectionObserver', 'Watcher']);

/** The chain that a call ends; `undefined` if it is no call of etcd3. */
export function chainOf({ kinds }: Migration, node: ts.Expression): Chain | undefined {
  const links: Link[] = [];
  let at = bare(node);
  const last = at;
  while (ts.isCallExpression(at) && ts.isPropertyAccessExpression(at.expression)) {
    links.unshift({ name: at.expression.name.text, args: at.arguments });
    const object = bare(at.expression.expression);
    const kind = kinds.of(object);
    // What follows is about the promise that an awaited builder is.
    if (kind === undefined || (LAZY.has(kind) && AWAITING.test(at.expression.name.text))) return undefined;
    const held = HELD.has(kind) && !ts.isCallExpression(object);
    const stm = kind === 'SoftwareTransaction' && ts.isCallExpression(object);
    if ((CLIENTS.has(kind) && !stm) || held) return { base: object, kind, links, node: last as ts.CallExpression };
    at = object;
  }
  return undefined;
}

/** The calls of a chain, and the accesses of members. */
export function partsOf(chain: Chain): ts.Node[] {
  const found: ts.Node[] = [];
  for (let at: ts.Expression = chain.node; at !== chain.base; at = bare(at)) {
    if (!ts.isCallExpression(at) && !ts.isPropertyAccessExpression(at)) break;
    found.push(at);
    at = at.expression;
  }
  return found;
}

/** Whether a chain has `?.` or `...`, which no counterpart has. */
export function isIrregular(chain: Chain): boolean {
  const { links } = chain;
  if (links[0]?.name !== 'if' && links.some(({ args }) => args.some(ts.isSpreadElement))) return true;
  for (let at: ts.Expression = chain.node; at !== chain.base; at = bare(at)) {
    if (!ts.isCallExpression(at) && !ts.isPropertyAccessExpression(at)) return false;
    if (at.questionDotToken !== undefined) return true;
    at = at.expression;
  }
  return false;
}
