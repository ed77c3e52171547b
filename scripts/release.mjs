// npm run release -- --dry-run                 checks the packages, and prints what would be published
// npm run release                              publishes, from the workflow of a tag only
// npm run release -- --without-provenance      publishes from anywhere, without a proof of where the packages come from
//   --tag next    the tag of npm, instead of `latest` or the one that the version names
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkPackages } from './check-packages.mjs';
import { startChecks } from './checks.mjs';
import { inOrder, publishAll, refusal, tooOld } from './publish.mjs';
import { distTag, readVersions, versionFaults } from './versions.mjs';

const { env } = process;
const { values: options } = parseArgs({
  options: {
    'dry-run': { type: 'boolean', default: false },
    'without-provenance': { type: 'boolean', default: false },
    tag: { type: 'string' },
  },
});
const dry = options['dry-run'];
const provenance = !options['without-provenance'];

/** What must be so before anything is published, one line each. */
function obstacles() {
  if (dry) return [];
  const change = execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' });
  const version = execFileSync('npm', ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' }).trim();
  return [
    provenance ? refusal(env) : undefined,
    provenance ? tooOld(version) : undefined,
    change === '' ? undefined : `There are changes that are not committed:\n${change.trimEnd()}`,
  ].filter((line) => line !== undefined);
}

function printPlan(packages) {
  const tag = options.tag ?? distTag(packages[0].version);
  console.log(`\nIn this order, under the tag ${tag}${provenance ? ', with provenance' : ''}:\n`);
  const size = (bytes) => `${Math.ceil(bytes / 1000)} kB`;
  for (const [i, { name, version, packed, unpacked, files }] of packages.entries()) {
    const what = `${name} ${version}`.padEnd(28);
    console.log(
      `${String(i + 1).padStart(3)}  ${what} ${size(packed).padStart(7)} packed, ${size(unpacked).padStart(8)} unpacked, ${String(files.length).padStart(3)} files`,
    );
  }
  return tag;
}

const refused = obstacles();
if (refused.length > 0) {
  console.error(refused.join('\n'));
  process.exit(1);
}
const tarballs = mkdtempSync(join(tmpdir(), 'etcdts-release-'));
try {
  const checks = startChecks();
  const tagged = env.GITHUB_REF_TYPE === 'tag' ? env.GITHUB_REF_NAME : undefined;
  await checks.find('versions and changelog', () => versionFaults(readVersions(), tagged));
  checks.run('changes that are recorded', 'pm.mjs', 'change', 'check');
  checks.run('API reports', 'api.mjs');
  checks.run('generated descriptor', 'gen-proto.mjs', '--check');
  const packages = inOrder(await checkPackages(checks, tarballs));
  if (packages.length > 0) {
    const tag = printPlan(packages);
    console.log('');
    if (checks.failed > 0) console.log(`Nothing was published: ${checks.failed} checks have failed.`);
    else if (dry) console.log('Nothing was published: this was a dry run.');
    else publishAll(packages, { tag, provenance });
  }
  process.exitCode = checks.failed > 0 ? 1 : 0;
} finally {
  rmSync(tarballs, { recursive: true });
}
