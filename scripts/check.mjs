// npm run check: the checks of a change beside its tests. All of them run, and each prints one line.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishedFilters } from './published.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tarballs = mkdtempSync(join(tmpdir(), 'etcdts-check-'));
let failed = 0;

/** Runs a program of node_modules, or a script of this folder, and prints its output if it fails. */
function check(what, program, ...args) {
  const command = program.endsWith('.mjs')
    ? [process.execPath, [join(root, 'scripts', program), ...args]]
    : [join(root, 'node_modules/.bin', program), args];
  const { status, stdout, stderr, error } = spawnSync(...command, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${what}`);
  if (status === 0) return;
  failed++;
  console.log(`${stdout ?? ''}${stderr ?? ''}${error ?? ''}`.trimEnd().replace(/^/gm, '  | '));
}

try {
  check('format', 'prettier', '--check', '--log-level=warn', '.');
  check('lint', 'oxlint', '--type-aware', '--deny-warnings');
  check('import rules', 'check-arrows.mjs');
  check('API reports', 'api.mjs');
  check('ids in test names', 'spec.mjs');
  check('generated descriptor', 'gen-proto.mjs', '--check');
  check('packages', 'pm.mjs', '-r', ...publishedFilters, 'pack', '--pack-destination', tarballs);
  for (const name of readdirSync(tarballs)) {
    check(`manifest of ${name}`, 'publint', 'run', '--strict', join(tarballs, name));
    check(`types of ${name}`, 'attw', join(tarballs, name));
  }
} finally {
  rmSync(tarballs, { recursive: true });
}
process.exitCode = failed > 0 ? 1 : 0;
