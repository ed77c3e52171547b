// node scripts/actionlint.mjs [<file>...]
// Checks the workflows in .github by actionlint, which is built once, with Go, from its modules. Without Go it exits with 77.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goCaches, intoStore, run } from './etcd-sources.mjs';

const VERSION = '1.7.12';

if (spawnSync('go', ['version']).status !== 0) {
  console.log('actionlint is built with Go, which is not installed');
  process.exit(77);
}
const path = await intoStore(
  `actionlint-${VERSION}`,
  'actionlint',
  async (target) => {
    const plain = { ...process.env, GOFLAGS: '-buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0', GOBIN: target };
    const env = { ...plain, ...(await goCaches(plain)) };
    const program = `github.com/rhysd/actionlint/cmd/actionlint@v${VERSION}`;
    await run('go', ['install', '-trimpath', program], { cwd: join(target, '..'), env });
  },
  async () => {},
);
// The programs that it would run if they are installed are no part of the check: it would differ from machine to machine.
const { status } = spawnSync(path, ['-no-color', '-shellcheck=', '-pyflakes=', ...process.argv.slice(2)], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
