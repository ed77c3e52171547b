// Obtains a Prometheus without root, runs it on loopback and sends it queries.
//   node scripts/prometheus.mjs        prints the path
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { intoStore, run, unpackDebian } from './etcd-sources.mjs';

/** Returns the path of a Prometheus: PROMETHEUS_BIN, the one on the PATH, or Debian's, which is fetched once. */
export async function obtainPrometheus() {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'prometheus'));
  const path = process.env.PROMETHEUS_BIN || onPath.find((candidate) => existsSync(candidate));
  if (path) return path;
  const unpack = (folder) => unpackDebian(folder, 'bookworm', ['prometheus']);
  const check = (binary) => run(binary, ['--version'], { timeout: 30_000 });
  return intoStore('prometheus', join('usr', 'bin', 'prometheus'), unpack, check);
}

/** Starts a Prometheus that scrapes one address each second. The caller closes it. */
export async function startPrometheus(binary, target) {
  const folder = mkdtempSync(join(tmpdir(), 'etcdts-prometheus-'));
  const jobs = [{ job_name: 'etcdts', static_configs: [{ targets: [target] }] }];
  // JSON is YAML.
  const config = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: jobs };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const options = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
  const child = spawn(binary, [...options, `--web.listen-address=${address}`, '--log.level=warn'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const exited = once(child, 'exit');
  const close = async () => {
    child.kill();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(address, child);
  } catch (error) {
    await close();
    throw new Error(`${error.message}: ${said.trim()}`, { cause: error });
  }
  /** The series of a query, each as `{ metric, values: [seconds, text][] }`, from and to in seconds. */
  const queryRange = async (query, start, end) => {
    const parameters = new URLSearchParams({ query, start, end, step: '1' });
    const answer = await fetch(`http://${address}/api/v1/query_range`, { method: 'POST', body: parameters });
    const { status, data, error } = await answer.json();
    if (status !== 'success') throw new Error(`Prometheus refuses ${query}: ${error}`);
    return data.result;
  };
  return { address, queryRange, close };
}

async function ready(address, child) {
  for (let i = 0; i < 150; i++) {
    if (child.exitCode !== null) throw new Error('Prometheus has ended');
    const answer = await fetch(`http://${address}/-/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await pause(100);
  }
  throw new Error('Prometheus is not ready after 15 s');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(await obtainPrometheus());
