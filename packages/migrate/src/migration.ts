import ts from 'typescript';
import { Imports } from './imports.ts';
import type { Kinds } from './kinds.ts';
import { todo, type Section } from './page.ts';
import { commentsIn, indentOf, isAnchor } from './syntax.ts';

/** What replaces a node, or `undefined` if a rule is not about it. */
export type Rule = (migration: Migration, node: ts.Node) => string | undefined;

/** A lease as it is after the migration: what the variable of etcd3's lease was. */
export interface LeaseNames {
  readonly client: string;
  readonly id: string;
  readonly keepAlive: string | undefined;
}

/** The migration of one file: it is written anew from its syntax, and rules replace some of the nodes. */
export class Migration {
  readonly source: ts.SourceFile;
  readonly kinds: Kinds;
  readonly imports: Imports;
  /** How often each kind of call was rewritten. */
  readonly counts = new Map<string, number>();
  readonly leases = new Map<ts.Symbol, LeaseNames>();
  /** Nodes about which a comment was left already. */
  readonly kept = new Set<ts.Node>();
  /** How many comments the file has gained. */
  left = 0;
  readonly #rules: readonly Rule[];
  #notes: string[] = [];

  constructor(source: ts.SourceFile, kinds: Kinds, rules: readonly Rule[]) {
    this.source = source;
    this.kinds = kinds;
    this.#rules = rules;
    this.imports = new Imports(source);
  }

  /** The text of a node after the migration. */
  render(node: ts.Node): string {
    if (!isAnchor(node)) return this.#replaced(node);
    const outer = this.#notes;
    this.#notes = [];
    const text = this.#replaced(node);
    const before = this.source.text.slice(node.getFullStart(), node.getStart(this.source));
    const lines = this.#notes.filter((line) => !before.includes(line));
    this.#notes = outer;
    this.left += lines.length;
    const indent = indentOf(this.source, node);
    return [...lines, text].join(`\n${indent}`);
  }

  /** Leaves a comment before the statement that is being written. */
  note(section: Section, text: string): void {
    const line = todo(section, text);
    if (!this.#notes.includes(line)) this.#notes.push(line);
  }

  /** Runs what may turn out to have no counterpart: if `failed`, it has left nothing. */
  attempt<T>(rewrite: () => T, failed: (result: T) => boolean): T {
    const [notes, counts, imports] = [[...this.#notes], new Map(this.counts), this.imports.save()];
    const [left, leases] = [this.left, new Map(this.leases)];
    const result = rewrite();
    if (!failed(result)) return result;
    this.#notes = notes;
    this.left = left;
    this.imports.restore(imports);
    for (const [saved, own] of [
      [counts, this.counts],
      [leases, this.leases],
    ] as [Map<unknown, unknown>, Map<unknown, unknown>][]) {
      own.clear();
      for (const [key, value] of saved) own.set(key, value);
    }
    return result;
  }

  /** All identifiers of the file that refer to a symbol. */
  referencesTo(symbol: ts.Symbol): ts.Identifier[] {
    const found: ts.Identifier[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && node.text === symbol.name) {
        const shorthand = ts.isShorthandPropertyAssignment(node.parent);
        const { checker } = this.kinds;
        const own = shorthand
          ? checker.getShorthandAssignmentValueSymbol(node.parent)
          : checker.getSymbolAtLocation(node);
        if (own === symbol) found.push(node);
      }
      ts.forEachChild(node, visit);
    };
    visit(this.source);
    return found;
  }

  count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  #replaced(node: ts.Node): string {
    for (const rule of this.#rules) {
      const text = rule(this, node);
      if (text !== undefined) return this.#withComments(node, text);
    }
    return this.inner(node);
  }

  /** The text of a node whose children are written anew. */
  inner(node: ts.Node): string {
    const { text } = this.source;
    let at = node.getStart(this.source);
    let written = '';
    ts.forEachChild(node, (child) => {
      const start = child.getStart(this.source);
      if (start < at) return;
      const own = this.render(child);
      const between = text.slice(at, start);
      // A statement that is gone goes with its line.
      written += own === '' && isAnchor(child) ? between.replace(/\r?\n[ \t]*$/, '') : between + own;
      at = child.end;
    });
    return written + text.slice(at, node.end);
  }

  /** Comments within a node that its replacement does not have are put before it. */
  #withComments(node: ts.Node, text: string): string {
    const lost = commentsIn(this.source, node).filter((comment) => !text.includes(comment));
    const blocks = lost.map((comment) => (comment.startsWith('//') ? `/* ${comment.slice(2).trim()} */` : comment));
    return [...blocks, text].join(' ');
  }
}
