// npm run test:servers [-- <part of a file name>...]
// Runs the integration files on every etcd version that can be obtained, and prints a table.
import { etcdVersion } from './etcd-sources.mjs';
import { servers } from './etcd.mjs';
import { findTestFiles, runFiles } from './run-files.mjs';

const filters = process.argv.slice(2);
const files = findTestFiles(['test'], filters);
const rows = [];
for (const { name, version: expected, obtain } of servers) {
  let path;
  let version = expected;
  try {
    path = await obtain();
    version = await etcdVersion(path);
  } catch (error) {
    rows.push({ version, result: `not to be had: ${error.message}` });
    continue;
  }
  console.log(`\netcd ${version} (${name})`);
  const sum = await runFiles(files, { ...process.env, ETCD_BIN: path }, filters);
  rows.push({ version, sum, result: `${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped` });
}

console.log('');
for (const { version, result } of rows) console.log(`${`etcd ${version}`.padEnd(12)} ${result}`);
const ran = rows.filter(({ sum }) => sum !== undefined);
const total = (what) => ran.reduce((count, { sum }) => count + sum[what], 0);
console.log(`\n${total('passed')} passed, ${total('failed')} failed on ${ran.length} of ${rows.length} servers`);
process.exitCode = total('failed') > 0 || total('passed') === 0 ? 1 : 0;
