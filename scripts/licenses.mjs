// Which licenses the packages bring with them: those of their dependencies, and of what their bundles contain.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { publishedFilters } from './published.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The licenses that a dependency may have: each permits use in any program if its text is kept. */
export const allowed = new Set([
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'],
]);

/** The licenses as pnpm finds them: by license, packages as `{ name, versions }`. Of dependencies only, without those for development. */
function listLicenses(...args) {
  const run = spawnSync(process.execPath, ['scripts/pm.mjs', 'licenses', 'list', '--json', ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.status !== 0) throw new Error(`pnpm licenses failed:\n${run.stdout}${run.stderr}`);
  return JSON.parse(run.stdout);
}

/** The dependencies of the published packages, with theirs, by license. */
export const dependencyLicenses = () => listLicenses('--prod', ...publishedFilters);

/** One line for each package whose license is not allowed. One of several that a package offers is enough. */
export function refusedLicenses(byLicense, permitted = allowed) {
  return Object.entries(byLicense)
    .filter(([license]) => {
      const choices = license.replace(/^\((.*)\)$/, '$1').split(/ or /i);
      return !choices.some((choice) => permitted.has(choice.trim()));
    })
    .flatMap(([license, packages]) =>
      packages.map(
        ({ name, versions }) =>
          `${name} ${versions.join(', ')} has the license ${license}, which scripts/licenses.mjs does not allow`,
      ),
    );
}

/** One line for each package in a LICENSES.txt that is not among the dependencies: its license has not been looked at. */
export function unknownBundled(text, byLicense) {
  const known = new Set(Object.values(byLicense).flatMap((packages) => packages.map(({ name }) => name)));
  return text
    .split(/^-{80}$/m)
    .map((license) => license.trim().split(' ', 1)[0])
    .filter((name) => name !== '' && !known.has(name))
    .map((name) => `${name} is bundled, and is no dependency of a published package: its license has not been checked`);
}
