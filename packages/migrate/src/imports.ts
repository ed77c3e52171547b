import ts from 'typescript';
import { isTyped } from './syntax.ts';

/** An imported name: what it is called, and whether it is only used as a type. */
interface Name {
  readonly local: string;
  readonly type: boolean;
}

interface SavedImports {
  readonly added: readonly (readonly [string, Map<string, Name>])[];
  readonly declared: ReadonlySet<string>;
}

/** What a file imports after the migration. */
export class Imports {
  readonly #source: ts.SourceFile;
  /** By module, the names and what each is called in the file. */
  readonly #added = new Map<string, Map<string, Name>>();
  readonly #declared: Set<string>;
  /** Names of etcd3 that the file still uses. */
  readonly kept = new Set<string>();

  constructor(source: ts.SourceFile) {
    this.#source = source;
    this.#declared = declaredIn(source);
  }

  /** Imports a name, and returns what it is called in the file. */
  use(name: string, module: string, kind: 'value' | 'type' = 'value'): string {
    const names = this.#added.get(module) ?? new Map<string, Name>();
    this.#added.set(module, names);
    const known = names.get(name);
    if (known !== undefined) {
      if (kind === 'value') names.set(name, { ...known, type: false });
      return known.local;
    }
    const local = this.#declared.has(name) ? this.#free(`etcd${name.charAt(0).toUpperCase()}${name.slice(1)}`) : name;
    this.#declared.add(local);
    names.set(name, { local, type: kind === 'type' });
    return local;
  }

  /** What `restore` goes back to. */
  save(): SavedImports {
    const added = [...this.#added].map(([module, names]) => [module, new Map(names)] as const);
    return { added, declared: new Set(this.#declared) };
  }

  restore({ added, declared }: SavedImports): void {
    this.#added.clear();
    for (const [module, names] of added) this.#added.set(module, new Map(names));
    this.#declared.clear();
    for (const name of declared) this.#declared.add(name);
  }

  /** A name for something new that nothing in the file has. */
  free(name: string): string {
    const local = this.#free(name);
    this.#declared.add(local);
    return local;
  }

  /** Whether something in the file has a name. */
  declares(name: string): boolean {
    return this.#declared.has(name);
  }

  #free(name: string): string {
    let found = name;
    for (let i = 2; this.#declared.has(found); i++) found = `${name}${i}`;
    return found;
  }

  /** The packages that the file needs now. */
  get modules(): string[] {
    return [...this.#added.keys()].sort();
  }

  /** The lines that import all of it. */
  lines(style: 'import' | 'require', quote: string, end: string): string[] {
    return this.modules.map((module) => {
      const names = [...(this.#added.get(module) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      if (style === 'require') {
        const list = names.map(([name, { local }]) => (local === name ? name : `${name}: ${local}`)).join(', ');
        return `const { ${list} } = require(${quote}${module}${quote})${end}`;
      }
      const typed = isTyped(this.#source);
      const allTypes = typed && names.every(([, { type }]) => type);
      const list = names.map(([name, { local, type }]) => {
        const one = local === name ? name : `${name} as ${local}`;
        return type && typed && !allTypes ? `type ${one}` : one;
      });
      return `import ${allTypes ? 'type ' : ''}{ ${list.join(', ')} } from ${quote}${module}${quote}${end}`;
    });
  }
}

/** All names that a file declares. What it imports from etcd3 is free after the migration. */
function declaredIn(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (
      ts.isImportDeclaration(node) &&
      ts.isStringLiteral(node.moduleSpecifier) &&
      node.moduleSpecifier.text === 'etcd3'
    )
      return;
    const named = ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node);
    const declares = named || ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isImportClause(node);
    const declared =
      declares || ts.isImportSpecifier(node) || ts.isNamespaceImport(node) || ts.isTypeAliasDeclaration(node);
    const name = declared || ts.isInterfaceDeclaration(node) || ts.isEnumDeclaration(node) ? node.name : undefined;
    if (name !== undefined && ts.isIdentifier(name)) names.add(name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}
