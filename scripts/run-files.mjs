// Finds the built test files and runs them, a few at a time, with one line of output each.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runFile } from './run-file.mjs';
import { addFindings, noFindings, sayConnections, sayFindings, unseen } from './secrets.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Returns the test files below the folders, as `{ path, source, alone, anyServer, limitMs, transport }`. With filters, the name must contain
 * one of them. A test file may have in its first lines `// runs alone` (it runs after the others, one at a time),
 * `// limit: 300 s`, `// not about the server` (`npm run test:servers` leaves it out), and `// on both transports`: it runs on
 * grpc-js and again on @etcdts/http2, unless `transport` chooses.
 */
export function findTestFiles(folders, filters = [], transport = process.env.ETCDTS_TRANSPORT) {
  return folders
    .flatMap((folder) => findBuilt(join(root, folder, 'dist'), join(root, folder, 'src'), transport))
    .filter(({ source }) => filters.length === 0 || filters.some((filter) => source.includes(filter)));
}

/** Refuses a transport that there is not: all clients would have the default one, and every test would pass for nothing. */
export function checkTransport({ ETCDTS_TRANSPORT: name } = process.env) {
  if (name !== undefined && name !== 'grpc' && name !== 'http2')
    throw new Error(`ETCDTS_TRANSPORT is ${JSON.stringify(name)}: there are grpc and http2`);
}

/** The folders that may hold tests: the packages, `test` and `chaos`. */
export function testFolders() {
  const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name));
  return [...packages, 'test', 'chaos'].filter((folder) => existsSync(join(root, folder, 'dist')));
}

function findBuilt(dist, src, transport) {
  return readdirSync(dist, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .sort((a, b) => (a < b ? -1 : 1))
    .flatMap((name) => {
      const source = join(src, name.replace(/\.js$/, '.ts'));
      // The compiler never deletes the output of a source that is gone.
      if (!existsSync(source)) return [];
      const head = readFileSync(source, 'utf8').split('\n', 5).join('\n');
      const seconds = /^\/\/ limit: (\d+) s$/m.exec(head)?.[1];
      const file = {
        path: join(dist, name),
        source: relative(root, source).split(sep).join('/'),
        alone: /^\/\/ runs alone\b/m.test(head),
        anyServer: /^\/\/ not about the server$/m.test(head),
        limitMs: seconds ? Number(seconds) * 1000 : 120_000,
        transport,
      };
      const both = transport === undefined && /^\/\/ on both transports$/m.test(head);
      return both ? [file, { ...file, transport: 'http2' }] : [file];
    });
}

/**
 * Runs the files with `env`. It prints a line for each, all output of those that fail, and the sums of the search for secrets,
 * and returns the sums. Without filters, it fails if there was nothing to search.
 */
export async function runFiles(files, env = process.env, filters = []) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const found = noFindings();
  const runOne = async ({ path, source, limitMs, transport }) => {
    const on = transport === undefined ? {} : { ETCDTS_TRANSPORT: transport };
    const result = await runFile(path, { limitMs, env: { ...env, ...on } });
    const { passed, failed, skipped, ms, output, secrets } = result;
    const seconds = `${(ms / 1000).toFixed(1)} s`.padStart(7);
    const counts = `${passed} passed${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`;
    console.log(
      `${failed ? 'FAIL' : 'ok  '} ${seconds}  ${source}${transport === undefined ? '' : ` on ${transport}`}: ${counts}`,
    );
    if (failed) console.log(output.trimEnd().replace(/^/gm, '  | '));
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
    addFindings(found, secrets);
  };
  const together = files.filter((file) => !file.alone);
  const worker = async () => {
    for (let file = together.shift(); file; file = together.shift()) await runOne(file);
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
  for (const file of files.filter((file) => file.alone)) await runOne(file);
  const blind = filters.length > 0 || env.TEST_NAME ? [] : unseen(found);
  console.log(`${blind.length + found.hits.length > 0 ? 'FAIL' : 'ok  '} secrets: ${sayFindings(found)}`);
  console.log(`ok   connections: ${sayConnections(found)}`);
  // Files with hits have been counted as failed.
  sum.failed += blind.length > 0 ? 1 : 0;
  return sum;
}
