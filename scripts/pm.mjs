// Runs the pnpm that package.json pins. It needs only node and npm on the machine.
//   node scripts/pm.mjs setup        install from the lockfile, then build
//   node scripts/pm.mjs <anything>   that pnpm command
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pin = JSON.parse(readFileSync(`${root}package.json`, 'utf8')).packageManager;
const inside = process.env.npm_config_user_agent?.startsWith('pnpm/');

function pm(...args) {
  // A bare npx prompts before it installs, and an npmrc may refuse all prompts.
  const [command, prefix] = inside ? ['pnpm', []] : ['npx', ['--yes', '--loglevel=error', pin]];
  const run = spawnSync(command, [...prefix, ...args], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (run.error) throw run.error;
  if (run.status !== 0) process.exit(run.status ?? 1);
}

const [verb, ...rest] = process.argv.slice(2);
if (verb === 'setup') {
  pm('install', '--frozen-lockfile', '--reporter=silent');
  pm('exec', 'tsc', '-b');
} else {
  pm(verb, ...rest);
}
