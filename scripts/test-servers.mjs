// npm run test:servers [-- <part of a file name>...]
// Runs the integration files, but for those that are not about the server, on every etcd version that can be obtained, on the
// newest one also with each client on @etcdts/http2, and prints a table. ETCDTS_TRANSPORT=http2 runs them on all versions with @etcdts/http2.
// ETCD_VERSIONS=3.4,3.7.1 chooses versions by their beginnings; the newest of these is the one that is run twice.
import { etcdVersion } from './etcd-sources.mjs';
import { chooseServers } from './etcd.mjs';
import { checkTransport, findTestFiles, runFiles } from './run-files.mjs';

checkTransport();
const filters = process.argv.slice(2);
const chosen = process.env.ETCDTS_TRANSPORT;
const rows = [];

/** Runs all files on one server with one transport; a row. */
async function run(name, path, version, transport) {
  console.log(`\netcd ${version} (${name}), ${transport}`);
  const files = findTestFiles(['test'], filters, transport).filter(({ anyServer }) => !anyServer);
  const sum = await runFiles(files, { ...process.env, ETCD_BIN: path }, filters);
  const result = `${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`;
  rows.push({ version, transport, sum, result });
  return { name, path, version };
}

let newest;
for (const { name, version: expected, obtain } of chooseServers(process.env.ETCD_VERSIONS)) {
  let path;
  let version = expected;
  try {
    path = await obtain();
    version = await etcdVersion(path);
  } catch (error) {
    rows.push({ version, transport: '', result: `not to be had: ${error.message}` });
    continue;
  }
  newest = await run(name, path, version, chosen ?? 'grpc');
}
if (newest !== undefined && chosen === undefined) await run(newest.name, newest.path, newest.version, 'http2');

console.log('');
for (const { version, transport, result } of rows)
  console.log(`${`etcd ${version}`.padEnd(12)} ${transport.padEnd(6)} ${result}`);
const ran = rows.filter(({ sum }) => sum !== undefined);
const total = (what) => ran.reduce((count, { sum }) => count + sum[what], 0);
console.log(`\n${total('passed')} passed, ${total('failed')} failed in ${ran.length} of ${rows.length} runs`);
process.exitCode = total('failed') > 0 || total('passed') === 0 ? 1 : 0;
