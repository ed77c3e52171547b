import ts from 'typescript';
import { declaresEtcd3 } from './program.ts';

/** Which expressions are of a type of etcd3: those that the compiler knows, and those that follow from how functions are called. */
export class Kinds {
  readonly checker: ts.TypeChecker;
  /** Types of what has none in the source: parameters by the arguments, variables and fields by the assignments. */
  readonly #inferred = new Map<ts.Symbol, ts.Type>();
  readonly #visiting = new Set<ts.Node>();
  /** What was followed already: variables of variables would be followed over and over. */
  #followed = new Map<ts.Node, ts.Type | undefined>();

  constructor(program: ts.Program, files: readonly ts.SourceFile[]) {
    this.checker = program.getTypeChecker();
    // What a round has found may be an argument in the next one.
    for (let found = -1; found !== this.#inferred.size;) {
      found = this.#inferred.size;
      for (const file of files) this.#infer(file);
      this.#followed = new Map();
    }
  }

  /** The name of etcd3's type that an expression has: `Etcd3`, `PutBuilder`, …; `undefined` if it is of another type. */
  of(node: ts.Node): string | undefined {
    const type = this.typeOf(node);
    return type === undefined ? undefined : this.nameOf(type);
  }

  nameOf(type: ts.Type): string | undefined {
    const present = this.checker.getNonNullableType(type);
    const parts = present.isIntersection() ? present.types : [present];
    for (const { symbol } of parts) if (symbol !== undefined && isEtcd3s(symbol)) return symbol.name;
    return undefined;
  }

  typeOf(node: ts.Node): ts.Type | undefined {
    const type = this.checker.getTypeAtLocation(node);
    if ((type.flags & ts.TypeFlags.Any) === 0) return type;
    if (this.#visiting.has(node)) return undefined;
    if (this.#followed.has(node)) return this.#followed.get(node);
    this.#visiting.add(node);
    const found = this.#follow(node);
    this.#visiting.delete(node);
    this.#followed.set(node, found);
    return found;
  }

  #follow(node: ts.Node): ts.Type | undefined {
    if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node)) return this.typeOf(node.expression);
    if (ts.isIdentifier(node)) return this.#ofSymbol(this.checker.getSymbolAtLocation(node));
    if (ts.isPropertyAccessExpression(node)) {
      const known = this.#ofSymbol(this.checker.getSymbolAtLocation(node.name));
      const object = known ?? this.typeOf(node.expression);
      const member = known ?? (object && this.checker.getPropertyOfType(object, node.name.text));
      if (member === undefined || member === known) return known;
      return this.checker.getTypeOfSymbolAtLocation(member as ts.Symbol, node);
    }
    if (ts.isCallExpression(node)) return this.typeOf(node.expression)?.getCallSignatures()[0]?.getReturnType();
    if (!ts.isAwaitExpression(node)) return undefined;
    const promise = this.typeOf(node.expression);
    return promise && this.checker.getAwaitedType(promise);
  }

  #ofSymbol(symbol: ts.Symbol | undefined): ts.Type | undefined {
    if (symbol === undefined) return undefined;
    const declaration = symbol.valueDeclaration;
    const untyped = declaration && ts.isVariableDeclaration(declaration) && declaration.type === undefined;
    const initial = untyped ? declaration.initializer : undefined;
    return this.#inferred.get(symbol) ?? (initial && this.typeOf(initial));
  }

  #infer(node: ts.Node): void {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) this.#inferParameters(node);
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      const { left, right } = node;
      const name = ts.isPropertyAccessExpression(left) ? left.name : left;
      if (this.of(left) === undefined) this.#learn(this.checker.getSymbolAtLocation(name), right);
    }
    ts.forEachChild(node, (child) => this.#infer(child));
  }

  #inferParameters(call: ts.CallExpression | ts.NewExpression): void {
    const given = call.arguments ?? [];
    if (!given.some((argument) => this.of(argument) !== undefined)) return;
    const parameters = this.checker.getResolvedSignature(call)?.declaration?.parameters ?? [];
    for (const [i, parameter] of parameters.entries()) {
      const argument = given[i];
      if (argument === undefined || !ts.isParameter(parameter) || parameter.type !== undefined) continue;
      if (ts.isIdentifier(parameter.name)) this.#learn(this.checker.getSymbolAtLocation(parameter.name), argument);
    }
  }

  #learn(symbol: ts.Symbol | undefined, value: ts.Expression): void {
    if (symbol === undefined || this.#inferred.has(symbol)) return;
    const type = this.typeOf(value);
    if (type !== undefined && this.nameOf(type) !== undefined) this.#inferred.set(symbol, type);
  }
}

function isEtcd3s(symbol: ts.Symbol): boolean {
  // `Buffer` and `process` are declared there too, and are Node's.
  if (symbol.name === 'Buffer' || symbol.name === '__type') return false;
  return symbol.declarations?.some((one) => declaresEtcd3(one.getSourceFile())) ?? false;
}
