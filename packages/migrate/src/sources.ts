import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { Refused } from './arguments.ts';

/** The files of some paths, and those that cannot be read. */
export interface Sources {
  readonly files: readonly string[];
  readonly unreadable: Map<string, string>;
}

const SOURCE = /(?<!\.d)\.([cm]?[jt]s|[jt]sx)$/;

/** Finds all source files of the given files and folders. Throws `Refused` if one of these is missing or of another kind. */
export function sourcesOf(paths: readonly string[]): Sources {
  const files = new Set<string>();
  const unreadable = new Map<string, string>();
  const read = (file: string): void => {
    try {
      readFileSync(file);
      files.add(file.split(sep).join('/'));
    } catch (error) {
      unreadable.set(file, (error as Error).message);
    }
  };
  const walk = (folder: string): void => {
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
        const path = join(folder, entry.name);
        if (entry.isDirectory()) walk(path);
        else if (entry.isFile() && SOURCE.test(entry.name)) read(path);
      }
    } catch (error) {
      unreadable.set(folder, (error as Error).message);
    }
  };
  for (const path of paths) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw new Refused(`${path}: there is no such file or folder`);
    if (found.isDirectory()) walk(resolve(path));
    else if (SOURCE.test(path)) read(resolve(path));
    else throw new Refused(`${path}: this is no source file of TypeScript or JavaScript`);
  }
  return { files: [...files].sort(), unreadable };
}
