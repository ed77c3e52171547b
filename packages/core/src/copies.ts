// What all copies of this package in one process share. A process has two copies if one part of it imports the package and another
// requires it, and Node cannot require an ES module; or if two versions are installed.

/** The version of this package, as in its `package.json`. */
export const VERSION = '0.1.0';

const KEY: unique symbol = Symbol.for('@etcdts/core.copies') as never;

type State = Map<string, unknown>;
const home = globalThis as { [KEY]?: Map<string, State> };
if (home[KEY] === undefined) Object.defineProperty(globalThis, KEY, { value: new Map<string, State>() });
const versions = home[KEY] as Map<string, State>;
const own: State = versions.get(VERSION) ?? new Map<string, unknown>();
versions.set(VERSION, own);

/** The object of this name that all copies of this version share. The copy that is loaded first makes it. */
export function shared<T>(name: string, make: () => T): T {
  if (!own.has(name)) own.set(name, make());
  return own.get(name) as T;
}

/** The objects of this name in other versions of this package, by version. */
export function inOtherVersions(name: string): (readonly [version: string, object: unknown])[] {
  const others = [...versions].filter(([version, state]) => version !== VERSION && state.has(name));
  return others.map(([version, state]) => [version, state.get(name)]);
}
