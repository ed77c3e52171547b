// Measures the time from the start of a process to its first answer to a get, of the embedded etcd and a real one, in fresh
// processes.
//   node scripts/embedded-start.mjs [rounds]      10 rounds by default
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleEmbedded } from './bundle.mjs';
import { obtainEtcd } from './etcd.mjs';
import { freePort, singleEtcd } from './single-etcd.mjs';

const cli = fileURLToPath(new URL('../packages/embedded/lib/cli.cjs', import.meta.url));
// A gRPC frame with a RangeRequest of the key `a`.
const GET = Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x61]);
const PAUSE_MS = 2;

/** Whether a get is answered with success. */
function get(port) {
  return new Promise((resolve) => {
    const session = connect(`http://127.0.0.1:${port}`);
    const end = (answered) => {
      session.destroy();
      resolve(answered);
    };
    session.on('error', () => end(false));
    const request = session.request({
      ':method': 'POST',
      ':path': '/etcdserverpb.KV/Range',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    request.on('error', () => end(false));
    request.on('trailers', (trailers) => end(trailers['grpc-status'] === '0'));
    request.on('close', () => end(false));
    request.resume();
    request.end(GET);
  });
}

async function measure(command, args, port) {
  const started = performance.now();
  const child = spawn(command, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (!(await get(port))) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const took = performance.now() - started;
  child.kill('SIGKILL');
  await ended;
  return took;
}

async function measureEtcd(path) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'etcd-start-'));
  try {
    return await measure(path, await singleEtcd(folder, port), port);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureEmbedded() {
  const port = await freePort();
  return measure(process.execPath, [cli, '--listen', `127.0.0.1:${port}`], port);
}

const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];
const rounds = Number(process.argv[2] ?? 10);
const etcd = await obtainEtcd();
// The library is measured as it is published.
await bundleEmbedded();
const times = { etcd: [], embedded: [] };
// The first round fills the file cache and is not counted.
for (let round = -1; round < rounds; round++) {
  const real = await measureEtcd(etcd.path);
  const embedded = await measureEmbedded();
  if (round < 0) continue;
  times.etcd.push(real);
  times.embedded.push(embedded);
}
const [real, embedded] = [median(times.etcd), median(times.embedded)];
console.log(`etcd ${etcd.version}   ${real.toFixed(0)} ms to the first answer (median of ${rounds})`);
console.log(`embedded      ${embedded.toFixed(0)} ms`);
console.log(`ratio         ${(embedded / real).toFixed(2)}, goal below 0.5`);
process.exitCode = embedded / real < 0.5 ? 0 : 1;
