// Runs checks one after the other, and prints one line for each; what failed is printed below it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The exit code of a check for which the machine lacks something; its output says what.
const SKIPPED = 77;

const root = fileURLToPath(new URL('..', import.meta.url));

/** Returns the ways to check something, and how many of the checks have failed. */
export function startChecks(print = console.log) {
  let failed = 0;
  const say = (what, output, verdict = output === undefined ? 'ok  ' : 'FAIL') => {
    print(`${verdict} ${what}`);
    if (output === undefined) return;
    if (verdict === 'FAIL') failed++;
    print(output.trimEnd().replace(/^/gm, '  | '));
  };
  return {
    get failed() {
      return failed;
    },
    /** Runs a program of node_modules, or a script of this folder, which must end with 0, or with 77 if it cannot check. */
    run(what, program, ...args) {
      const command = program.endsWith('.mjs')
        ? [process.execPath, [join(root, 'scripts', program), ...args]]
        : [join(root, 'node_modules/.bin', program), args];
      const { status, stdout, stderr, error } = spawnSync(...command, {
        cwd: root,
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
        shell: process.platform === 'win32',
      });
      const output = status === 0 ? undefined : `${stdout ?? ''}${stderr ?? ''}${error ?? ''}`;
      say(what, output, status === SKIPPED ? 'skip' : undefined);
    },
    /** Calls a function that returns the faults that it finds, one line each. Returns `undefined` if it throws. */
    async find(what, search) {
      try {
        const faults = await search();
        say(what, faults.length === 0 ? undefined : faults.join('\n'));
      } catch (error) {
        say(what, error.message);
      }
    },
  };
}
