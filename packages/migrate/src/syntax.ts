// Questions about syntax that several rules have.
import ts from 'typescript';

/** A node before which a comment can be put on a line of its own. */
export function isAnchor(node: ts.Node): boolean {
  const { parent } = node;
  if (parent === undefined) return false;
  if (ts.isClassElement(node)) return ts.isClassLike(parent);
  const list =
    ts.isSourceFile(parent) || ts.isBlock(parent) || ts.isModuleBlock(parent) || ts.isCaseOrDefaultClause(parent);
  return list && ts.isStatement(node);
}

/** The white space before a node's line. */
export function indentOf(source: ts.SourceFile, node: ts.Node): string {
  const start = node.getStart(source);
  const line = source.text.lastIndexOf('\n', start - 1) + 1;
  return /^[ \t]*/.exec(source.text.slice(line, start))?.[0] ?? '';
}

/** The text of a node with its lines moved to where a line has another indent. Text of more lines in a template stays. */
export function shifted(source: ts.SourceFile, node: ts.Node, text: string, indent: string): string {
  const own = indentOf(source, node);
  if (text.includes('`') || own === indent) return text;
  if (indent.startsWith(own)) return text.replaceAll(/\n(?=[ \t]*\S)/g, `\n${indent.slice(own.length)}`);
  return own.startsWith(indent) ? text.replaceAll(`\n${own.slice(indent.length)}`, '\n') : text;
}

/** The texts of the comments within a node, without those before it. */
export function commentsIn(source: ts.SourceFile, node: ts.Node): string[] {
  const { text } = source;
  const start = node.getStart(source);
  const found = new Map<number, string>();
  const visit = (one: ts.Node): void => {
    const ranges = [
      ...(ts.getLeadingCommentRanges(text, one.pos) ?? []),
      ...(ts.getTrailingCommentRanges(text, one.pos) ?? []),
    ];
    // The text of JSX and of templates has no comments.
    if (one.kind !== ts.SyntaxKind.JsxText)
      for (const { pos, end } of ranges) if (pos > start && end <= node.end) found.set(pos, text.slice(pos, end));
    for (const child of one.getChildren(source)) visit(child);
  };
  visit(node);
  return [...found.values()];
}

/** An expression without parentheses, assertions of a type and `!` around it. */
export function bare(node: ts.Expression): ts.Expression {
  let at = node;
  while (ts.isParenthesizedExpression(at) || ts.isNonNullExpression(at)) at = at.expression;
  return at;
}

/** The node above that is not only parentheses or an assertion. */
export function above(node: ts.Node): { readonly node: ts.Node; readonly parent: ts.Node } {
  let at = node;
  while (ts.isParenthesizedExpression(at.parent) || ts.isNonNullExpression(at.parent) || ts.isAsExpression(at.parent))
    at = at.parent;
  return { node: at, parent: at.parent };
}

/** The text of a string literal. */
export function literal(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

/** The properties of an object literal of plain `name: value` and `name`, by name; `undefined` if it has others. */
export function propertiesOf(node: ts.Expression): Map<string, ts.Expression> | undefined {
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  const found = new Map<string, ts.Expression>();
  for (const one of node.properties) {
    if (ts.isShorthandPropertyAssignment(one)) found.set(one.name.text, one.name);
    else if (ts.isPropertyAssignment(one) && (ts.isIdentifier(one.name) || ts.isStringLiteral(one.name)))
      found.set(one.name.text, one.initializer);
    else return undefined;
  }
  return found;
}

/** The function around a node; `undefined` at the top of a file. */
export function functionOf(node: ts.Node): ts.FunctionLikeDeclaration | undefined {
  return ts.findAncestor(node.parent, (one): one is ts.FunctionLikeDeclaration => ts.isFunctionLike(one));
}

export const isAsync = (node: ts.FunctionLikeDeclaration): boolean =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false);

/** Whether `await` is allowed at a node. */
export function mayAwait(source: ts.SourceFile, node: ts.Node): boolean {
  const around = functionOf(node);
  if (around !== undefined) return isAsync(around) && !ts.isParameter(node.parent);
  return isModule(source) && ts.findAncestor(node, ts.isClassStaticBlockDeclaration) === undefined;
}

/** Whether a file is an ES module. */
export function isModule(source: ts.SourceFile): boolean {
  if (/\.c[jt]s$/.test(source.fileName)) return false;
  return source.statements.some(
    (one) =>
      ts.isImportDeclaration(one) ||
      ts.isExportDeclaration(one) ||
      ts.isExportAssignment(one) ||
      (ts.canHaveModifiers(one) &&
        ts.getModifiers(one)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true),
  );
}

/** Whether a file is TypeScript. */
export const isTyped = (source: ts.SourceFile): boolean => /\.[cm]?tsx?$/.test(source.fileName);

/** `(key, { a: true })`: the arguments of a call with an object of options, if there are any. */
export function argumentsOf(given: readonly string[], properties: readonly string[]): string {
  const options = properties.length > 0 ? [`{ ${properties.join(', ')} }`] : [];
  return `(${[...given, ...options].join(', ')})`;
}
