// npm run release:prepare
// Makes a version of the recorded changes: all packages get it, and CHANGELOG.md a section. What it did is to be read, and committed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { manifestOf, published } from './published.mjs';
import { readVersions, withVersion } from './versions.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.changeset');

/** A recorded change, the text of a file that `npm run change` wrote: `{ packages, summary, bump }`. The bump is the largest of all. */
export function readChange(text) {
  const [, head, summary] = /^---\n([^]*?)\n---\n([^]*)$/.exec(text) ?? [];
  if (head === undefined) throw new Error(`this is no change as \`npm run change\` writes it:\n${text}`);
  const rows = Array.from(head.matchAll(/^["']?(@?[^"':]+)["']?:\s*(\w+)\s*$/gm), ([, name, bump]) => ({ name, bump }));
  const bump = ['major', 'minor', 'patch'].find((one) => rows.some((row) => row.bump === one)) ?? 'none';
  return { packages: rows.map(({ name }) => name).sort(), summary: summary.trim(), bump };
}

const HEADINGS = { major: 'Breaking', minor: 'New, and changed', patch: 'Mended' };

/** Until 1.0 what breaks is a minor change, too. */
const headingOf = ({ bump, summary }) => (summary.startsWith('Breaking: ') ? 'major' : bump);

/** The section of a changelog for a version, of the changes that it has. */
export function composeSection(version, date, changes) {
  const parts = Object.entries(HEADINGS).map(([bump, heading]) => {
    const lines = changes
      .filter((change) => headingOf(change) === bump)
      .map(({ packages, summary }) => {
        const where = packages.map((name) => name.replace('@etcdts/', '')).join(', ');
        return `- **${where}**: ${summary.replace(/^Breaking: /, '').replaceAll(/\n(?=.)/g, '\n  ')}`;
      });
    return lines.length === 0 ? '' : `### ${heading}\n\n${lines.sort().join('\n')}\n\n`;
  });
  return `## ${version}, ${date}\n\n${parts.join('')}`;
}

/** The changelog with a section above all others. */
export function insertSection(changelog, section) {
  const first = changelog.search(/^## /m);
  return first < 0
    ? `${changelog.trimEnd()}\n\n${section}`
    : changelog.slice(0, first) + section + changelog.slice(first);
}

/** A document with the new version where it names the one before: `"^0.1.0"`, "Version 0.1.", "Status: 0.1." */
export function inProse(text, before, version) {
  const short = (whole) => whole.split('.', 2).join('.');
  return text
    .replaceAll(`${before}"`, `${version}"`)
    .replaceAll(`ersion ${short(before)}.`, `ersion ${short(version)}.`)
    .replaceAll(`ersion ${short(before)}:`, `ersion ${short(version)}:`)
    .replaceAll(`Status: ${short(before)}.`, `Status: ${short(version)}.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md')
    : [];
  if (files.length === 0) throw new Error('no change is recorded in .changeset: `npm run change` records one');
  const changes = files.map((name) => readChange(readFileSync(join(folder, name), 'utf8')));
  const { version: before } = manifestOf(published[0]);
  const { status } = spawnSync(process.execPath, ['scripts/pm.mjs', 'version', '-r'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
  // pnpm keeps a changelog in each package. Here one changelog has the changes of all.
  for (const name of published) rmSync(join(root, 'packages', name, 'CHANGELOG.md'), { force: true });
  const { version } = manifestOf(published[0]);
  for (const [file, text] of Object.entries(readVersions().sources))
    writeFileSync(root + file, withVersion(text, version));
  for (const file of ['README.md', 'docs/interceptors.md', ...published.map((name) => `packages/${name}/README.md`)])
    writeFileSync(root + file, inProse(readFileSync(root + file, 'utf8'), before, version));
  const section = composeSection(version, new Date().toISOString().slice(0, 10), changes);
  const changelog = join(root, 'CHANGELOG.md');
  writeFileSync(changelog, insertSection(readFileSync(changelog, 'utf8'), section));
  console.log(`\n${section}Read it in CHANGELOG.md, commit everything, and tag the commit on main v${version}.`);
}
