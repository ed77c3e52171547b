import ts from 'typescript';
import type { Migration, Rule } from './migration.ts';
import type { Section } from './page.ts';
import { isModule, isTyped } from './syntax.ts';

/** A name that a statement imports from etcd3. */
interface Imported {
  readonly statement: ts.Statement;
  /** How it is written in the list of names; `undefined` if it is the whole module. */
  readonly specifier: string | undefined;
  readonly local: string;
}

/** What the statements of a file import from etcd3, by symbol. */
export function importedFrom(source: ts.SourceFile, checker: ts.TypeChecker): Map<ts.Symbol, Imported> {
  const found = new Map<ts.Symbol, Imported>();
  const add = (statement: ts.Statement, name: ts.Node | undefined, specifier?: ts.Node): void => {
    const symbol = name && checker.getSymbolAtLocation(name);
    if (symbol && name)
      found.set(symbol, { statement, specifier: specifier?.getText(source), local: name.getText(source) });
  };
  for (const statement of source.statements) {
    if (!isImport(statement)) continue;
    if (ts.isImportEqualsDeclaration(statement)) add(statement, statement.name);
    if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings } = statement.importClause ?? {};
      add(statement, name);
      if (namedBindings && ts.isNamespaceImport(namedBindings)) add(statement, namedBindings.name);
      if (namedBindings && ts.isNamedImports(namedBindings))
        for (const one of namedBindings.elements) add(statement, one.name, one);
    }
    if (!ts.isVariableStatement(statement)) continue;
    const name = statement.declarationList.declarations[0]?.name as ts.BindingName;
    if (ts.isIdentifier(name)) add(statement, name);
    else for (const one of name.elements) if (ts.isBindingElement(one)) add(statement, one.name, one);
  }
  return found;
}

/** Whether a statement only imports from etcd3. */
function isImport(statement: ts.Statement): boolean {
  const named = (node: ts.Node | undefined): boolean =>
    node !== undefined && ts.isStringLiteral(node) && node.text === 'etcd3';
  if (ts.isImportDeclaration(statement)) return named(statement.moduleSpecifier);
  if (ts.isImportEqualsDeclaration(statement))
    return ts.isExternalModuleReference(statement.moduleReference) && named(statement.moduleReference.expression);
  if (!ts.isVariableStatement(statement)) return false;
  const [declaration, ...more] = statement.declarationList.declarations;
  let value = declaration?.initializer;
  if (value && ts.isPropertyAccessExpression(value)) value = value.expression;
  return (
    more.length === 0 &&
    value !== undefined &&
    ts.isCallExpression(value) &&
    /^require$/.test(value.expression.getText()) &&
    named(value.arguments[0])
  );
}

/** The section of the page about a name of etcd3. */
function sectionOf(name: string): Section {
  if (/Lock/.test(name)) return 'locks';
  if (/Election|Campaign/.test(name)) return 'elections';
  if (/Lease/.test(name)) return 'leases';
  if (/Error|^castGrpc/.test(name)) return 'errors';
  return /Builder|Range/.test(name) ? 'keys' : 'what-is-different-throughout';
}

/** The statements of a file that import etcd3. What they become is known when the rest of the file is written. */
export class ImportStatements {
  readonly #source: ts.SourceFile;
  readonly #imported: ReadonlyMap<ts.Symbol, Imported>;
  readonly #marks: ts.Statement[] = [];

  constructor(source: ts.SourceFile, imported: ReadonlyMap<ts.Symbol, Imported>) {
    this.#source = source;
    this.#imported = imported;
  }

  /** Puts a mark in the place of such a statement, and keeps the names that are used yet. */
  readonly rule: Rule = (migration, node) => {
    if (ts.isStatement(node) && isImport(node)) {
      this.#marks.push(node);
      return `\0${this.#marks.length - 1}\0`;
    }
    if (!ts.isIdentifier(node)) return undefined;
    const { checker } = migration.kinds;
    const shorthand = ts.isShorthandPropertyAssignment(node.parent);
    const symbol = shorthand
      ? checker.getShorthandAssignmentValueSymbol(node.parent)
      : checker.getSymbolAtLocation(node);
    const imported = symbol && this.#imported.get(symbol);
    if (imported === undefined || migration.imports.kept.has(imported.local)) return undefined;
    migration.imports.kept.add(imported.local);
    migration.note(sectionOf(imported.local), `${imported.local}: it has no counterpart of its own`);
    return undefined;
  };

  /** The text of the file with its imports. `start` is where its first statement begins. */
  finish(text: string, start: number, { imports }: Migration): string {
    const { text: old } = this.#source;
    const [quote = "'"] = /['"](?=etcd3['"])/.exec(old) ?? [];
    const sample = this.#marks[0] ?? this.#source.statements[0];
    const end = sample === undefined || sample.getText(this.#source).endsWith(';') ? ';' : '';
    const style = isTyped(this.#source) || isModule(this.#source) ? 'import' : 'require';
    const lines = imports.lines(style, quote, end);
    if (this.#marks.length === 0 && lines.length > 0) {
      const at = this.#afterImports(text) ?? start;
      const before = at === start ? '' : '\n';
      return `${text.slice(0, at)}${before}${lines.join('\n')}${at === start ? '\n' : ''}${text.slice(at)}`;
    }
    return text.replaceAll(/\0(\d+)\0(\r?\n)?/g, (_, i: string, line = '') => {
      const kept = this.#kept(this.#marks[Number(i)] as ts.Statement, imports.kept);
      const all = [...kept, ...(i === '0' ? lines : [])];
      return all.length === 0 ? '' : all.join('\n') + String(line);
    });
  }

  /** What is left of a statement. */
  #kept(statement: ts.Statement, names: ReadonlySet<string>): string[] {
    const own = [...this.#imported.values()].filter((one) => one.statement === statement);
    const used = own.filter(({ local }) => names.has(local));
    const text = statement.getText(this.#source);
    if (used.length === own.length && own.length > 0) return [text];
    if (used.length === 0) return [];
    const list = used.map(({ specifier, local }) => specifier ?? local).join(', ');
    return [text.replace(/\{[^}]*\}/, `{ ${list} }`)];
  }

  /** Where the imports of a file end that has none from etcd3, in the text of before, which is the same up to there. */
  #afterImports(text: string): number | undefined {
    let end: number | undefined;
    for (const one of this.#source.statements) {
      const required = ts.isVariableStatement(one) && /^(const|let|var) .*\brequire\(/.test(one.getText(this.#source));
      if (!ts.isImportDeclaration(one) && !required && !ts.isExpressionStatement(one)) break;
      if (!ts.isExpressionStatement(one)) end = one.end;
    }
    return end !== undefined && text.slice(0, end) === this.#source.text.slice(0, end) ? end : undefined;
  }
}
