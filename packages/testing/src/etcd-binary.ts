import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** An etcd server on this machine. */
export interface EtcdBinary {
  /** The absolute path of the program. */
  readonly path: string;
  /** The version, such as `3.5.16`. */
  readonly version: string;
}

/**
 * Finds the etcd to start: `binary` if given, else `ETCD_BIN`, else `etcd` on the PATH, else the newest one in a folder
 * `.etcd` of the working directory or above. Rejects with advice if there is none.
 */
export async function findEtcd(binary?: string): Promise<EtcdBinary> {
  const named = binary ?? (process.env['ETCD_BIN'] || onPath());
  // The path is made absolute because a member is started in another folder.
  if (named) return { path: resolve(named), version: await versionOf(named) };
  const found = await Promise.all(fetched().map(async (path) => ({ path, version: await versionOf(path) })));
  const [newest] = found.sort((a, b) => (isAtLeast(a.version, b.version) ? -1 : 1));
  if (newest) return newest;
  throw new Error('found no etcd: set ETCD_BIN to the path of one, or put one on the PATH');
}

/** Whether an etcd version such as `3.5.16` is `minimum` or newer; `minimum` may leave out the last number. */
export function isAtLeast(version: string, minimum: string): boolean {
  const numbers = (text: string): number[] => text.split(/[.-]/, 3).map((part) => Number.parseInt(part, 10) || 0);
  const has = numbers(version);
  for (const [index, wanted] of numbers(minimum).entries()) {
    const difference = (has[index] ?? 0) - wanted;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

const versions = new Map<string, Promise<string>>();

function versionOf(path: string): Promise<string> {
  const known = versions.get(path) ?? askVersion(path);
  versions.set(path, known);
  return known;
}

async function askVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 30_000 });
  const version = /etcd Version: (\S+)/.exec(stdout)?.[1];
  if (!version) throw new Error(`${path} printed no version of etcd: ${stdout.slice(0, 200)}`);
  return version;
}

function onPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'etcd')).find((path) => existsSync(path));
}

function fetched(): string[] {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const store = join(folder, '.etcd');
    if (existsSync(store)) {
      return readdirSync(store)
        .filter((name) => !name.startsWith('.'))
        .flatMap((name) => [join(store, name, 'etcd'), join(store, name, 'usr', 'bin', 'etcd')])
        .filter((path) => existsSync(path));
    }
    if (folder === dirname(folder)) return [];
  }
}
