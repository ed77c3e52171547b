// npm run dashboard: runs examples/metrics-endpoint through faults, scraped by a real Prometheus, and then sends it every query of
// the dashboard in packages/metrics. Draws the answers into packages/metrics/dashboard/etcdts.svg.
//   node scripts/dashboard.mjs --check 15      a run of 15 s, without the picture
// Exits with 3 if no Prometheus is available.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient, op } from '@etcdts/core';
import { startEtcd, startProxy } from '@etcdts/testing';
import { drawDashboard } from './dashboard-picture.mjs';
import { obtainEtcd } from './etcd.mjs';
import { obtainPrometheus, startPrometheus } from './prometheus.mjs';

const folder = new URL('../packages/metrics/dashboard/', import.meta.url);
const { panels } = JSON.parse(readFileSync(new URL('etcdts.json', folder), 'utf8'));
const check = process.argv[2] === '--check';
const seconds = check ? Number(process.argv[3]) : 100;

const prometheusBinary = await obtainPrometheus().catch((error) => {
  console.log(`no Prometheus: ${error.message}`);
  process.exit(3);
});
const { path, version } = await obtainEtcd();
const etcd = await startEtcd({ binary: path });
const proxies = [await startProxy(etcd.endpoint), await startProxy(etcd.endpoint)];
const service = await startService(proxies.map(({ endpoint }) => endpoint));
const prometheus = await startPrometheus(prometheusBinary, service.address);
const client = createClient({ endpoints: etcd.endpoints });
try {
  const start = Date.now() / 1_000;
  await Promise.all([pause(seconds * 1_000), misfortunes(seconds)]);
  const end = Date.now() / 1_000;
  const answered = [];
  for (const panel of panels) answered.push({ ...panel, series: await ask(panel, start, end) });
  for (const { title, series } of answered) console.log(`ok   ${title}: ${series.length} series`);
  if (!check) {
    const caption = `etcd ${version}, one client with two endpoints, ${seconds} s`;
    writeFileSync(new URL('etcdts.svg', folder), drawDashboard(answered, { start, end, caption }));
    console.log(`drawn to ${fileURLToPath(new URL('etcdts.svg', folder))}`);
  }
} finally {
  await client.close();
  await service.stop();
  await prometheus.close();
  for (const proxy of proxies) await proxy.close();
  await etcd.close();
}

/** Returns the answers to a panel's queries as `{ name, points: [seconds, number][] }`. An empty answer is an error. */
async function ask({ title, targets }, start, end) {
  const series = [];
  for (const { expr, legendFormat } of targets) {
    const query = expr.replaceAll('$__rate_interval', check ? '5s' : '10s').replaceAll('$instance', '.*');
    const found = (await prometheus.queryRange(query, start, end)).map(({ metric, values }) => ({
      name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label]),
      points: values.map(([at, value]) => [at, Number(value)]).filter(([, value]) => Number.isFinite(value)),
    }));
    if (!found.some(({ points }) => points.length > 0)) throw new Error(`${title}: no answer to ${query}`);
    series.push(...found);
  }
  return series;
}

/** Starts the example as a process of its own. */
async function startService(endpoints) {
  const program = fileURLToPath(new URL('../examples/metrics-endpoint/dist/service.js', import.meta.url));
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ETCD_ENDPOINTS: endpoints.join(','), PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = await once(createInterface(child.stdout), 'line');
  const stop = async () => {
    child.kill();
    const [code] = await exited;
    if (code !== 0) throw new Error(`the example ended with ${code}`);
  };
  return { address: new URL(line.replace('metrics at ', '')).host, stop };
}

/** Makes the faults of the service, each at its time. */
async function misfortunes(total) {
  const begun = Date.now();
  const at = (part) => pause(Math.max(0, begun + part * total * 1_000 - Date.now()));
  await at(0.15);
  // These are more settings at once than the service can apply or buffer.
  const value = 'x'.repeat(1_000);
  for (let i = 0; i < 20; i++) {
    const puts = Array.from({ length: 100 }, (_, j) => op.put(`metrics-endpoint/settings/${i}/${j}`, value));
    await client.kv.txn({ then: puts });
  }
  for (const part of [0.4, 0.45, 0.5]) {
    await at(part);
    // Calls that are under way now are lost.
    for (const proxy of proxies) proxy.pause('toClient');
    await pause(100);
    for (const proxy of proxies) proxy.cut();
    for (const proxy of proxies) await proxy.heal();
  }
  await at(0.6);
  proxies[1].refuse();
  proxies[1].cut();
  await at(0.75);
  await proxies[1].heal();
  await at(0.85);
  for (const id of (await client.lease.leases()).leases) await client.lease.revoke(id);
}
