// Where the promise of a call goes, and how the answer of etcdts becomes the one that etcd3 gives.
import ts from 'typescript';
import { above, functionOf, isAsync } from './syntax.ts';

/** A call, and how what etcd3 resolves with is obtained from what it resolves with. */
export interface Converted {
  readonly call: string;
  /** From the text of an answer. It may begin or end with an operator. */
  readonly take?: ((answer: string) => string) | undefined;
  /** The name of the answer, if `take` reads it more than once. */
  readonly named?: string;
  /** It returns no promise. */
  readonly sync?: boolean;
}

/** The text of a call that is not awaited where it stands. */
export function asPromise({ call, take, named = 'response' }: Converted): string {
  if (take === undefined) return call;
  return `${call}.then((${named}) => ${take(named)})`;
}

const DEFAULTS = new Set([ts.SyntaxKind.QuestionQuestionToken, ts.SyntaxKind.BarBarToken]);

/** The text of an awaited call. `node` is the `await` that it replaces. */
export function asAwaited(converted: Converted, node: ts.AwaitExpression): string {
  const { call, take, named, sync = false } = converted;
  const dropped = ts.isExpressionStatement(node.parent);
  if (sync && dropped) return call;
  if (take === undefined || dropped) return `await ${call}`;
  if (named !== undefined) return `await ${asPromise(converted)}`;
  const { parent, node: at } = above(node);
  const defaulted = ts.isBinaryExpression(parent) && parent.left === at && DEFAULTS.has(parent.operatorToken.kind);
  const taken = take(`(await ${call})`);
  // Where null and undefined have one effect, neither is written.
  const text = defaulted ? taken.replace(/ \?\? null$/, '') : taken;
  return /^\S+$|^\(await .*\)(\??\.\w+(\(\))?|\[\d+\])+$/s.test(text) || standsAlone(node) ? text : `(${text})`;
}

/** Whether any expression can stand where a node does. */
function standsAlone({ parent }: ts.Node): boolean {
  if (ts.isVariableDeclaration(parent) || ts.isReturnStatement(parent) || ts.isParenthesizedExpression(parent))
    return true;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent) || ts.isArrayLiteralExpression(parent)) return true;
  if (ts.isPropertyAssignment(parent) || ts.isTemplateSpan(parent) || ts.isArrowFunction(parent)) return true;
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isPropertyDeclaration(parent)) return true;
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
}

/** The ones of Promise that await what they are given. */
const COMBINATORS = /^Promise\.(all|allSettled|race|any|resolve)$/;
/** Methods of arrays that keep what a function returns. */
const COLLECTING = new Set(['map', 'flatMap']);

/**
 * Whether a builder of etcd3, which sends when it is awaited, is awaited where it stands or by whoever gets it. A promise in its
 * place sends at once.
 */
export function isAwaited(node: ts.Expression): boolean {
  const { node: at, parent } = above(node);
  if (ts.isAwaitExpression(parent)) return true;
  if (ts.isPropertyAccessExpression(parent)) return /^(then|catch|finally)$/.test(parent.name.text);
  if (ts.isConditionalExpression(parent)) return parent.condition !== at && isAwaited(parent);
  if (ts.isArrayLiteralExpression(parent) || ts.isSpreadElement(parent)) return isAwaited(parent);
  if (ts.isCallExpression(parent)) return parent.expression !== at && COMBINATORS.test(parent.expression.getText());
  if (!ts.isReturnStatement(parent) && !(ts.isArrowFunction(parent) && parent.body === at)) return false;
  const around = functionOf(at);
  if (around === undefined) return false;
  if (isAsync(around) || !ts.isCallExpression(around.parent)) return true;
  const { expression } = around.parent;
  const collects = ts.isPropertyAccessExpression(expression) && COLLECTING.has(expression.name.text);
  return !collects || isAwaited(around.parent);
}
