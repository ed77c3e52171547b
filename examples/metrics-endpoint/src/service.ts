// A service that Prometheus can scrape: it registers itself, follows its settings and counts its rounds, all in etcd.
//   ETCD_ENDPOINTS=localhost:2379 PORT=9464 node examples/metrics-endpoint/dist/service.js
import { createClient } from '@etcdts/core';
import { metrics } from '@etcdts/metrics';
import { retry } from '@etcdts/retry';
import { register } from 'prom-client';
import { serveMetrics } from './endpoint.ts';
import { countRounds, followSettings, stayRegistered } from './work.ts';

const endpoints = (process.env['ETCD_ENDPOINTS'] ?? 'localhost:2379').split(',');
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort());

// Outside of retry(): what is counted are calls, however often each was tried.
const client = createClient({
  endpoints,
  interceptors: [metrics({ registry: register, histogram: true }), retry()],
});
const endpoint = await serveMetrics(register, Number(process.env['PORT'] ?? 9464));
console.log(`metrics at ${endpoint.url}`);

const { signal } = stopping;
try {
  await Promise.all([
    stayRegistered(client, endpoint.url, signal),
    followSettings(client, signal),
    countRounds(client, signal),
  ]);
} catch (error) {
  if (!signal.aborted) throw error;
} finally {
  await endpoint.close();
  await client.close();
}
