// limit: 300 s
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@etcdts/core';
import { metrics } from '@etcdts/metrics';
import { retry } from '@etcdts/retry';
import { assert, eventually, rejects, startEtcd, startProxy, suite } from '@etcdts/testing';
import { Registry } from 'prom-client';
import { root } from './documents.ts';
import { run } from './program.ts';

const test = suite('dashboard', { timeoutMs: 240_000 });

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly description: string;
    readonly datasource: { readonly uid: string };
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

const dashboard = JSON.parse(readFileSync(join(root, 'packages/metrics/dashboard/etcdts.json'), 'utf8')) as Dashboard;
const queries = dashboard.panels.flatMap(({ targets }) => targets);

/** Words in a query that are not metrics. */
const LANGUAGE = new Set(['sum', 'by', 'rate', 'increase', 'histogram_quantile', 'or']);
/** The label that Prometheus adds. */
const SCRAPED = 'instance';

/** The metrics that a query names, and the labels that it uses of them. */
function wants(expr: string): { readonly names: ReadonlySet<string>; readonly labels: ReadonlySet<string> } {
  const labels = new Set<string>();
  const note = (label: string): string => (labels.add(label), '');
  const bare = expr
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/by \(([^)]*)\)/g, (_, list: string) => (list.split(/, */).forEach(note), ''))
    .replaceAll(/\{([^}]*)\}/g, (_, list: string) =>
      list.replaceAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"[^"]*",?\s*/g, (_, label: string) => note(label)),
    );
  return {
    names: new Set([...bare.matchAll(/[a-zA-Z_]\w*/g)].map(([name]) => name).filter((name) => !LANGUAGE.has(name))),
    labels,
  };
}

/** The labels of every time series in a registry, by its name. */
async function seriesOf(registry: Registry): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const line of (await registry.metrics()).split('\n')) {
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    const known = found.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    found.set(name, known);
  }
  return found;
}

test('has panels beside each other, each with a title, a description and a query', () => {
  const { panels } = dashboard;
  assert.is(new Set(panels.map(({ id }) => id)).size, panels.length);
  assert.is(new Set(panels.map(({ gridPos: { x, y } }) => `${x},${y}`)).size, panels.length);
  for (const { title, description, targets, gridPos, datasource } of panels) {
    assert.ok(title !== '' && description !== '' && targets.length > 0, title);
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    assert.is(datasource.uid, '${datasource}');
  }
  const variables = dashboard.templating.list.map(({ name }) => name);
  assert.equal(variables, ['datasource', 'instance']);
  for (const { expr } of queries) assert.ok(expr.includes('instance=~"$instance"'), expr);
});

test('queries only metrics and labels that a client has which watches, keeps leases, reads, writes and fails', async () => {
  const registry = new Registry();
  await using etcd = await startEtcd();
  await using proxy = await startProxy(etcd.endpoint);
  const counted = metrics({ registry, histogram: true });
  await using client = createClient({ endpoints: proxy.endpoint, interceptors: [counted, retry()] });
  const watch = client.watch('dashboard/', { prefix: true });
  const { id } = await client.lease.grant(60);
  const kept = client.lease.keepAlive(id);
  await client.kv.put('dashboard/a', 'b', { lease: id });
  await rejects(client.kv.get('dashboard/a', { revision: 1_000_000 }), { code: 'FUTURE_REV' });
  await kept[Symbol.asyncIterator]().next();
  assert.is((await watch[Symbol.asyncIterator]().next()).value?.events.length, 1);
  // A read that is lost on its way back is tried again.
  proxy.pause('toClient');
  const { toServer } = proxy.bytes;
  const read = client.kv.get('dashboard/a');
  await eventually(() => proxy.bytes.toServer > toServer);
  proxy.cut();
  await proxy.heal();
  await read;
  const text = await registry.metrics();
  for (const secret of ['dashboard/', proxy.endpoint, String(proxy.port), String(id)])
    assert.not.ok(text.includes(secret), secret);
  const series = await seriesOf(registry);
  for (const { expr, legendFormat } of queries) {
    const { names, labels } = wants(expr);
    assert.ok(names.size > 0, expr);
    for (const name of names) assert.ok(series.has(name), `there is no ${name}, as in ${expr}`);
    for (const label of labels) {
      const has = [...names].some((name) => series.get(name)?.has(label));
      assert.ok(label === SCRAPED || has, `there is no label ${label}, as in ${expr}`);
    }
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) assert.ok(labels.has(label), legendFormat);
  }
  const asked = new Set(queries.flatMap(({ expr }) => [...wants(expr).names]));
  const shown = (name: string): boolean => [name, `${name}_bucket`].some((one) => asked.has(one));
  const hidden = registry.getMetricsAsArray().filter(({ name }) => !shown(name));
  assert.equal(
    hidden.map(({ name }) => name),
    [],
    'every metric has a panel',
  );
});

test('is answered, each query of it, by a real Prometheus that scrapes the metrics endpoint of the example', async ({
  skip,
}) => {
  const { code, output } = await run([join(root, 'scripts/dashboard.mjs'), '--check', '15'], { limitMs: 200_000 });
  if (code === 3) skip(output.trim());
  assert.is(code, 0, output);
  for (const { title } of dashboard.panels) assert.match(output, new RegExp(`^ok {3}${title}: [1-9]\\d* series$`, 'm'));
});

test.run();
