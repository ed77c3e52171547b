// How much of the public API has a sentence: the exported names, and their members.
import { ReflectionKind } from 'typedoc';

const described = (reflection) =>
  [reflection, reflection.getSignature, reflection.setSignature, ...(reflection.signatures ?? [])].some((each) =>
    each?.comment?.hasVisibleComponent(),
  );

/** The object types within a type, which are documented in the place of their owner. */
function literalsIn(type) {
  if (type === undefined) return [];
  const found = [];
  type.visit({
    reflection: ({ declaration }) => found.push(declaration),
    array: ({ elementType }) => found.push(...literalsIn(elementType)),
    union: ({ types }) => found.push(...types.flatMap(literalsIn)),
    intersection: ({ types }) => found.push(...types.flatMap(literalsIn)),
    typeOperator: ({ target }) => found.push(...literalsIn(target)),
  });
  return found;
}

/** The members of a name: its own properties and methods, and those of the object types within. */
function membersOf(owner) {
  const own = (owner.children ?? []).filter(
    ({ inheritedFrom, kind }) => inheritedFrom === undefined && kind !== ReflectionKind.Constructor,
  );
  const nested = literalsIn(owner.type).flatMap(membersOf);
  return [...own.flatMap((member) => [member, ...membersOf(member)]), ...nested];
}

/** Returns the names and the members of a project, each as `{ name, described }`. */
export function coverageOf(project) {
  const entries = project.children.filter(({ kind }) => kind === ReflectionKind.Module);
  const names = entries.flatMap(({ children }) => children).filter(({ kind }) => kind !== ReflectionKind.Reference);
  const row = (reflection) => ({
    name: reflection.getFullName(),
    source: reflection.sources?.[0] ? `${reflection.sources[0].fileName}:${reflection.sources[0].line}` : '',
    described: described(reflection),
  });
  return { names: names.map(row), members: names.flatMap(membersOf).map(row) };
}
