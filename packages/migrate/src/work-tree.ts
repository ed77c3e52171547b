import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Refused } from './arguments.ts';

/** Throws `Refused` if a path is in a git work tree with changes that are not committed: `git checkout` could not undo a rewrite. */
export function checkCommitted(paths: readonly string[]): void {
  for (const path of paths) {
    const folder = statSync(path).isDirectory() ? path : dirname(path);
    const changed = git(folder, 'status', '--porcelain');
    if (changed === undefined || changed === '') continue;
    const [first = ''] = changed.split('\n');
    throw new Refused(
      `${path} is in a git work tree with uncommitted changes (${first.slice(3)}): commit them, or use --force`,
    );
  }
}

/** What git prints; `undefined` without git or outside of a work tree. */
function git(cwd: string, ...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}
