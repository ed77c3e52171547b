// npm run check: the checks of a change beside its tests. All of them run, and each prints one line.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackages } from './check-packages.mjs';
import { startChecks } from './checks.mjs';
import { readVersions, versionFaults } from './versions.mjs';
import { nodeFaults, readWorkflows, stepFaults } from './workflows.mjs';

const tarballs = mkdtempSync(join(tmpdir(), 'etcdts-check-'));
const checks = startChecks();
try {
  checks.run('format', 'prettier', '--check', '--log-level=warn', '.');
  checks.run('lint', 'oxlint', '--type-aware', '--deny-warnings');
  checks.run('import rules', 'check-arrows.mjs');
  checks.run('API reports', 'api.mjs');
  checks.run('tests of docs/spec', 'spec.mjs');
  checks.run('generated descriptor', 'gen-proto.mjs', '--check');
  checks.run('site', '../website/build.mjs');
  checks.run('site in Chromium', '../website/check.mjs');
  await checks.find('versions and changelog', () => versionFaults(readVersions()));
  checks.run('changes that are recorded', 'pm.mjs', 'change', 'check');
  await checks.find('steps of workflows', () => stepFaults(readWorkflows()));
  await checks.find('versions of Node', () => nodeFaults(readWorkflows()));
  checks.run('workflows', 'actionlint.mjs');
  await checkPackages(checks, tarballs);
} finally {
  rmSync(tarballs, { recursive: true });
}
process.exitCode = checks.failed > 0 ? 1 : 0;
