// The pages over HTTP/1.1 and gRPC's health, on a real etcd and the embedded one.
import { createClient } from '@etcdts/core';
import { startEmbedded } from '@etcdts/embedded';
import { assert, eventually, findEtcd, isAtLeast, startEtcd, suite } from '@etcdts/testing';
import { RawEtcd } from '../raw-etcd.ts';

const test = suite('pages of the embedded etcd', { timeoutMs: 40_000 });

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly allow: string | null;
  readonly origin: string | null;
  readonly body: string;
}

async function ask(endpoint: string, path: string, method = 'GET'): Promise<Answer> {
  const response = await fetch(`http://${endpoint}${path}`, { method });
  const { status, headers } = response;
  const body = await response.text();
  return {
    status,
    type: headers.get('content-type'),
    allow: headers.get('allow'),
    origin: headers.get('access-control-allow-origin'),
    body,
  };
}

test('/health, /livez, /readyz and what is no page answer as those of etcd', async (t) => {
  const { version } = await findEtcd();
  if (!isAtLeast(version, '3.5.11')) t.skip('etcd has /livez and /readyz since 3.5.11');
  await using real = await startEtcd();
  await using embedded = await startEmbedded();
  const paths = [
    '/health',
    '/health?serializable=true',
    '/health?exclude=NOSPACE&exclude=CORRUPT',
    '/livez',
    '/readyz',
  ];
  const more = ['/livez?verbose', '/livez/serializable_read', '/readyz/data_corruption', '/readyz/none', '/', '/none'];
  for (const path of [...paths, ...more, '/readyz?exclude=data_corruption&exclude=none']) {
    assert.equal(await ask(embedded.endpoint, path), await ask(real.endpoint, path), path);
  }
  for (const path of ['/health', '/version', '/readyz', '/livez/serializable_read']) {
    const [ours, theirs] = [await ask(embedded.endpoint, path, 'POST'), await ask(real.endpoint, path, 'POST')];
    assert.equal(ours, theirs, `POST ${path}`);
  }
  const checks = async (endpoint: string): Promise<readonly string[]> =>
    (await ask(endpoint, '/readyz?verbose')).body.split('\n').sort();
  const added = isAtLeast(version, '3.6') ? [] : ['[+]non_learner ok'];
  assert.equal(await checks(embedded.endpoint), [...(await checks(real.endpoint)), ...added].sort());
});

test('/version has the fields of etcd, and the version of status', async () => {
  await using real = await startEtcd();
  await using embedded = await startEmbedded();
  const versions = async (endpoint: string): Promise<Record<string, string>> => {
    const { status, type, body } = await ask(endpoint, '/version');
    assert.equal([status, type], [200, 'application/json']);
    return JSON.parse(body) as Record<string, string>;
  };
  const [ours, theirs] = [await versions(embedded.endpoint), await versions(real.endpoint)];
  for (const field of Object.keys(theirs)) assert.match(ours[field] as string, /^\d+\.\d+\.\d+$/);
  await using client = createClient({ endpoints: embedded.endpoint });
  assert.is((await client.maintenance.status(embedded.endpoint)).version, ours['etcdserver']);
});

test('/metrics has metrics of etcd by its names, types and labels', async (t) => {
  if (!isAtLeast((await findEtcd()).version, '3.5')) t.skip('etcd 3.4 has not all of them');
  await using real = await startEtcd();
  await using embedded = await startEmbedded();
  const read = async (endpoint: string): Promise<Map<string, string>> => {
    await using client = createClient({ endpoints: endpoint });
    for (const key of ['a', 'b', 'c']) await client.kv.put(key, 'v');
    await client.kv.delete('c');
    await client.kv.compact(4n);
    const watch = client.watch('a');
    await watch.created;
    await ask(endpoint, '/health');
    const { type, body } = await ask(endpoint, '/metrics');
    assert.match(type as string, /^text\/plain; version=0\.0\.4; charset=utf-8/);
    await watch.cancel();
    const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]));
  };
  const [ours, theirs] = [await read(embedded.endpoint), await read(real.endpoint)];
  assert.ok(ours.size >= 30, `${ours.size} lines`);
  const differing = [
    'etcd_server_id',
    'etcd_server_version',
    'etcd_cluster_version',
    '_db_total_size',
    '_proposals_',
    '_health_',
  ];
  for (const [name, value] of ours) {
    const known = [...theirs.keys()].find((other) => other.split('{')[0] === name.split('{')[0]);
    assert.ok(known, `etcd has no ${name}`);
    if (!differing.some((part) => name.includes(part))) assert.is(value, theirs.get(name), name);
  }
});

test('gRPC health is that of etcd: the whole server serves, and no other service is known', async () => {
  await using real = await startEtcd();
  await using embedded = await startEmbedded();
  const outcomes = [];
  for (const { endpoint } of [real, embedded]) {
    const raw = new RawEtcd(endpoint);
    const [check, unknown] = [await raw.call('Health.Check', {}), await raw.call('Health.Check', { service: 'x' })];
    const watches = ['', 'x'].map((service) => raw.begin('Health.Watch', { service }));
    for (const watch of watches) await eventually(() => watch.received.length === 1);
    outcomes.push({ check, unknown, watched: watches.map(({ received }) => received) });
    for (const watch of watches) {
      watch.cancel();
      await watch.outcome;
    }
    raw.close();
  }
  assert.equal(outcomes[1], outcomes[0]);
  assert.equal(outcomes[0]?.check.responses, [{ status: 'SERVING' }]);
});

test('pages wait through freeze()', async () => {
  await using etcd = await startEmbedded();
  etcd.freeze();
  const answer = ask(etcd.endpoint, '/health');
  const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 200, 'nothing'))]);
  assert.is(first, 'nothing');
  etcd.thaw();
  assert.is((await answer).body, '{"health":"true","reason":""}');
});

test.run();
