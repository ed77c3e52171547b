// The checks of the packages as they are published. `npm run check` and `npm run release` make them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dependencyLicenses, refusedLicenses, unknownBundled } from './licenses.mjs';
import { packPublished } from './pack.mjs';
import { oversized } from './package-sizes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Packs all packages into a folder, checks them, and returns them as `packPublished` does; none if they cannot be packed. */
export async function checkPackages(checks, destination) {
  let packages = [];
  await checks.find('packages', () => {
    packages = packPublished(destination);
    return packages.flatMap(incomplete);
  });
  for (const { name, tarball, manifest } of packages) {
    checks.run(`manifest of ${name}`, 'publint', 'run', '--strict', tarball);
    // A command alone has no types.
    if (manifest.exports['.'] !== undefined) checks.run(`types of ${name}`, 'attw', tarball);
  }
  await checks.find('licenses of dependencies', () => {
    const licenses = dependencyLicenses();
    const texts = packages
      .map(({ folder }) => join(root, folder, 'lib/LICENSES.txt'))
      .filter((path) => existsSync(path));
    return [
      ...refusedLicenses(licenses),
      ...texts.flatMap((path) => unknownBundled(readFileSync(path, 'utf8'), licenses)),
    ];
  });
  await checks.find('sizes', () => oversized(packages));
  return packages;
}

/** What a published manifest lacks for a reader of the registry, and the files without which no package is published. */
function incomplete({ name, manifest, files }) {
  const fields = ['author', 'bugs', 'description', 'engines', 'homepage', 'keywords', 'license', 'repository'];
  const missing = fields.filter((field) => manifest[field] === undefined || manifest[field].length === 0);
  const absent = ['LICENSE', 'README.md'].filter((file) => !files.includes(file));
  return [
    ...missing.map((field) => `${name}: package.json has no ${field}`),
    ...absent.map((file) => `${name} has no ${file}`),
  ];
}
