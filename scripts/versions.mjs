// The rules of versions: all published packages have the same one, sources that name it included, and CHANGELOG.md has a section for it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { manifestOf, published } from './published.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(root + file, 'utf8');

/** What a source names as its version: `VERSION = '0.1.0'`, `Symbol.for('@etcdts/metrics 0.1.0')`. */
const NAMED = /(?<=\bexport const VERSION = '|Symbol\.for\('@etcdts\/[\w-]+ )\d+\.\d+\.\d+[\w.-]*/g;

/** The text of a source with another version where it names its own. */
export const withVersion = (text, version) => text.replace(NAMED, version);

/** The sources of the published packages that name their version, by path. */
function namingSources() {
  const files = published.flatMap((name) =>
    readdirSync(`${root}packages/${name}/src`, { recursive: true })
      .map((file) => `packages/${name}/src/${file.replaceAll('\\', '/')}`)
      .filter((file) => file.endsWith('.ts') && !file.includes('.test.')),
  );
  const texts = files.map((file) => [file, read(file)]);
  return Object.fromEntries(texts.filter(([, text]) => text.search(NAMED) >= 0));
}

/** The names of the packages of the workspace that are not published. */
function unpublished() {
  const list = /^packages:\n((?: +- .*\n)+)/m.exec(read('pnpm-workspace.yaml'))?.[1] ?? '';
  return Array.from(list.matchAll(/- (\S+)/g), ([, place]) => place)
    .flatMap((place) => {
      const [folder, all] = place.split('/');
      return all === '*' ? readdirSync(root + folder).map((name) => `${folder}/${name}`) : [place];
    })
    .filter((folder) => !published.some((name) => folder === `packages/${name}`))
    .filter((folder) => existsSync(`${root}${folder}/package.json`))
    .map((folder) => JSON.parse(read(`${folder}/package.json`)).name);
}

/** The files and manifests that the rules are about. */
export function readVersions() {
  return {
    others: unpublished(),
    sources: namingSources(),
    manifests: published.map(manifestOf),
    workspace: read('pnpm-workspace.yaml'),
    changelog: read('CHANGELOG.md'),
  };
}

/** The faults of the versions, one line each. With a tag, that of the release, it must be the version of the packages. */
export function versionFaults({ manifests, others, workspace, changelog, sources }, tag) {
  const versions = [...new Set(manifests.map(({ version }) => version))];
  const namesIn = (setting) => {
    const list = new RegExp(`^versioning:[^]*?^  ${setting}:\\n((?:    .*\\n)+)`, 'm').exec(workspace)?.[1] ?? '';
    return new Set(Array.from(list.matchAll(/'([^']+)'/g), ([, name]) => name));
  };
  const [grouped, ignored] = [namesIn('fixed'), namesIn('ignore')];
  const faults = manifests
    .filter(({ name }) => !grouped.has(name))
    .map(({ name }) => `${name} is not in versioning.fixed of pnpm-workspace.yaml`);
  for (const name of others)
    if (!ignored.has(name))
      faults.push(`${name} is not published, and not in versioning.ignore of pnpm-workspace.yaml`);
  if (versions.length !== 1) {
    const list = manifests.map(({ name, version }) => `${name} ${version}`).join(', ');
    return [...faults, `the packages have different versions: ${list}`];
  }
  for (const [file, text] of Object.entries(sources))
    if (withVersion(text, versions[0]) !== text) faults.push(`${file} names another version than ${versions[0]}`);
  if (sectionOf(changelog, versions[0]) === undefined)
    faults.push(`CHANGELOG.md has no section for ${versions[0]}. \`npm run release:prepare\` writes it`);
  else if (tag !== undefined && new RegExp(`^## ${versions[0]}, unreleased`, 'm').test(changelog))
    faults.push(`CHANGELOG.md calls ${versions[0]} unreleased: give it the date of the release`);
  if (tag !== undefined && tag !== `v${versions[0]}`)
    faults.push(`the tag is ${tag}, and the version of the packages is ${versions[0]}`);
  return faults;
}

/** The text below the heading of a version in a changelog, `undefined` if there is none. */
export function sectionOf(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const found = sections.find((section) => section.split(/[\s,]/, 1)[0] === version);
  return found?.slice(found.indexOf('\n')).trim();
}

/** The tag of npm under which a version is published: `latest`, or the name of a version before it, such as `beta` in 1.0.0-beta.1. */
export function distTag(version) {
  const before = /^\d+\.\d+\.\d+-([0-9A-Za-z-]+)/.exec(version)?.[1];
  return before === undefined ? 'latest' : /^\d+$/.test(before) ? 'next' : before;
}
