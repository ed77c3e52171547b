// [ETCDTS_TRANSPORT=http2] npm test [-- <part of a file name>...]
// Checks the import rules and the reports of the API, then runs every built test file in its own process. The last line has the
// result.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkArrows } from './check-arrows.mjs';
import { obtainEtcd } from './etcd.mjs';
import { checkTransport, findTestFiles, runFiles, testFolders } from './run-files.mjs';

const filters = process.argv.slice(2);
checkTransport();
const violations = checkArrows();
for (const violation of violations) console.log(violation);
console.log(violations.length > 0 ? `FAIL import rules: ${violations.length} broken` : 'ok   import rules');

const api = spawnSync(process.execPath, [fileURLToPath(new URL('api.mjs', import.meta.url))], { encoding: 'utf8' });
console.log(api.status === 0 ? 'ok   API reports' : 'FAIL API reports');
if (api.status !== 0) console.log(`${api.stdout}${api.stderr}`.trimEnd().replace(/^/gm, '  | '));

let sum = { passed: 0, failed: 0, skipped: 0 };
try {
  const etcd = await obtainEtcd();
  console.log(`ok   etcd ${etcd.version} (${etcd.origin})`);
  sum = await runFiles(findTestFiles(testFolders(), filters), { ...process.env, ETCD_BIN: etcd.path }, filters);
} catch (error) {
  console.log(`FAIL ${error.message}`);
  sum.failed++;
}

const failed = sum.failed + (violations.length > 0 ? 1 : 0) + (api.status === 0 ? 0 : 1);
if (sum.passed + failed === 0) console.log('FAIL no test ran');
console.log(`\n${sum.passed} passed, ${failed} failed${sum.skipped ? `, ${sum.skipped} skipped` : ''}`);
process.exitCode = failed > 0 || sum.passed === 0 ? 1 : 0;
