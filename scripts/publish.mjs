// Publishes packed packages, in the order in which they depend on each other.
import { spawnSync } from 'node:child_process';

/** The packages in an order in which each comes after those of them that it depends on. Others are in the order of their names. */
export function inOrder(packages) {
  const left = new Map(packages.map((one) => [one.name, one]));
  const ordered = [];
  const add = ({ name, manifest }) => {
    const one = left.get(name);
    if (one === undefined) return;
    left.delete(name);
    const needed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).sort();
    for (const dependency of needed) if (left.has(dependency)) add(left.get(dependency));
    ordered.push(one);
  };
  for (const one of packages.toSorted((a, b) => (a.name < b.name ? -1 : 1))) add(one);
  return ordered;
}

/** Why this process may not publish, `undefined` if it may: only a workflow that was started by a tag can prove what it publishes. */
export function refusal(env) {
  const here = env.GITHUB_ACTIONS === 'true' && env.ACTIONS_ID_TOKEN_REQUEST_URL !== undefined;
  if (here && env.GITHUB_REF_TYPE === 'tag') return undefined;
  return [
    'Packages are published by .github/workflows/release.yml, which a tag starts: only there can the registry prove from which',
    'commit they were made. `npm run release -- --dry-run` shows what it would publish; docs/releasing.md describes a release.',
    '`npm run release -- --without-provenance` publishes from here all the same, without that proof.',
  ].join('\n');
}

/** Why the npm of this machine cannot publish by trust, without a token; `undefined` if it can. */
export function tooOld(version) {
  const [major, minor, patch] = version.split('.').map((part) => Number.parseInt(part));
  if (major * 1e6 + minor * 1e3 + patch >= 11_005_001) return undefined;
  return `npm ${version} cannot publish without a token: npm 11.5.1 or newer can, as Node 24 brings it`;
}

/** Publishes each package that is not there yet, and stops at the first failure. A second run goes on where the first stopped. */
export function publishAll(packages, { tag, provenance, print = console.log, env = process.env }) {
  const npm = (...args) => spawnSync('npm', args, { encoding: 'utf8', env, shell: process.platform === 'win32' });
  for (const { name, version, tarball } of packages) {
    const there = npm('view', `${name}@${version}`, 'version', '--json');
    if (there.status === 0 && there.stdout.includes(version)) {
      print(`is there already: ${name} ${version}`);
      continue;
    }
    const proof = provenance ? ['--provenance'] : [];
    const { status, stdout, stderr } = npm('publish', tarball, '--access', 'public', '--tag', tag, ...proof);
    if (status !== 0) throw new Error(`${name} ${version} was not published:\n${stdout}${stderr}`);
    print(`published: ${name} ${version} as ${tag}`);
  }
}
