// Measures puts per second with 64 callers, of the embedded etcd and of a real one without fsync, each in a process of its own, over
// @etcdts/http2, in rounds that alternate.
//   node scripts/embedded-puts.mjs [rounds] [seconds]      5 rounds of 2 seconds by default
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@etcdts/core';
import { http2Transport } from '@etcdts/http2';
import { bundleEmbedded } from './bundle.mjs';
import { obtainEtcd } from './etcd.mjs';
import { freePort, singleEtcd } from './single-etcd.mjs';

const cli = fileURLToPath(new URL('../packages/embedded/lib/cli.cjs', import.meta.url));
const CALLERS = 64;
const KEYS = 1_000;
const VALUE = Buffer.alloc(100, 'v');
const GOAL = 0.65;

/** Starts a server, and returns a client of it when it answers. */
async function start(command, args, port) {
  const child = spawn(command, args, { stdio: 'ignore' });
  const client = createClient({ endpoints: `127.0.0.1:${port}`, transport: http2Transport() });
  await client.ready({ timeoutMs: 30_000 });
  return { child, client };
}

/** How many puts are answered in a second. */
async function puts(client, seconds) {
  const end = performance.now() + seconds * 1_000;
  let done = 0;
  const caller = async (number) => {
    for (let i = number; performance.now() < end; i++, done++) await client.kv.put(`key-${i % KEYS}`, VALUE);
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, (_, number) => caller(number)));
  return (done * 1_000) / (performance.now() - begun);
}

const median = (rates) => rates.toSorted((a, b) => a - b)[rates.length >> 1];
const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 2);
const binary = await obtainEtcd();
await bundleEmbedded();
const folder = mkdtempSync(join(tmpdir(), 'etcd-puts-'));
const [realPort, port] = [await freePort(), await freePort()];
const quiet = ['--unsafe-no-fsync', '--log-level', 'error'];
const servers = {
  etcd: await start(binary.path, [...(await singleEtcd(folder, realPort)), ...quiet], realPort),
  embedded: await start(process.execPath, [cli, '--listen', `127.0.0.1:${port}`], port),
};
const rates = { etcd: [], embedded: [] };
try {
  // The first round warms up and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const [name, { client }] of Object.entries(servers)) {
      const rate = await puts(client, seconds);
      if (round >= 0) rates[name].push(rate);
    }
  }
} finally {
  for (const { client, child } of Object.values(servers)) {
    await client.close();
    child.kill('SIGKILL');
  }
  rmSync(folder, { recursive: true, force: true });
}
const [real, embedded] = [median(rates.etcd), median(rates.embedded)];
// The servers and the client share the machine, so that only the ratio says something.
console.log(
  `etcd ${binary.version}   ${real.toFixed(0)} puts/s with ${CALLERS} callers, without fsync (median of ${rounds})`,
);
console.log(`embedded      ${embedded.toFixed(0)} puts/s`);
console.log(`ratio         ${(embedded / real).toFixed(2)}, goal at least ${GOAL}`);
process.exitCode = embedded / real >= GOAL ? 0 : 1;
