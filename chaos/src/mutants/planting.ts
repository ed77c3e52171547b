// The hooks of Node's module loader that change one file.
import type { InitializeHook, LoadHook } from 'node:module';

interface Change {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

let change: Change;

export const initialize: InitializeHook<Change> = (data) => {
  change = data;
};

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (!url.endsWith(change.file)) return loaded;
  const source = String(loaded.source);
  if (source.split(change.find).length !== 2) {
    throw new Error(`${change.file} has ${JSON.stringify(change.find)} not once: the mutant needs a look`);
  }
  return { ...loaded, source: source.replace(change.find, () => change.replace) };
};
