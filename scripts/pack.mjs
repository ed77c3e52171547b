// Packs the published packages as they are published: pnpm's tarball, in which the manifest and the README name the repository.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { create, extract } from 'tar';
import { manifestOf, published, publishedFilters } from './published.mjs';
import { absoluteLinks, withRepository } from './repository.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The time that npm gives to every file, so that equal files make equal tarballs. */
const mtime = new Date('1985-10-26T08:15:00.000Z');

/**
 * Packs all packages into a folder. Returns `{ name, folder, version, tarball, packed, unpacked, files, manifest }` of each: sizes in
 * bytes, the paths of the files, the manifest as it is published.
 */
export function packPublished(destination) {
  const args = [join(root, 'scripts/pm.mjs'), '-r', ...publishedFilters, 'pack', '--pack-destination', destination];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`pnpm pack failed:\n${stdout}${stderr}`);
  return published.map((name) =>
    finish(join(destination, `etcdts-${name}-${manifestOf(name).version}.tgz`), `packages/${name}`),
  );
}

/** Completes the manifest and the README of a tarball. */
function finish(tarball, folder) {
  const scratch = mkdtempSync(`${tarball}-`);
  try {
    extract({ file: tarball, cwd: scratch, sync: true });
    const inside = join(scratch, 'package');
    const manifest = withRepository(JSON.parse(readFileSync(join(inside, 'package.json'), 'utf8')), folder);
    writeFileSync(join(inside, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    const readme = join(inside, 'README.md');
    writeFileSync(readme, absoluteLinks(readFileSync(readme, 'utf8'), folder, `v${manifest.version}`));
    const files = readdirSync(inside, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(inside.length + 1))
      .sort();
    const entries = files.map((file) => `package/${file.split(sep).join('/')}`);
    create({ file: tarball, cwd: scratch, sync: true, gzip: { level: 9 }, portable: true, mtime }, entries);
    const unpacked = files.reduce((sum, file) => sum + statSync(join(inside, file)).size, 0);
    const { name, version } = manifest;
    return { name, folder, version, tarball, packed: statSync(tarball).size, unpacked, files, manifest };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [destination] = process.argv.slice(2);
  if (destination === undefined) throw new Error('node scripts/pack.mjs <folder>');
  for (const { tarball } of packPublished(destination)) console.log(tarball);
}
