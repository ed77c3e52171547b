import { readFileSync } from 'node:fs';
import { EtcdError, createClient, type EtcdClient } from '@etcdts/core';
import { contextKey, failedAttempts, invoke, methods, type Interceptor } from '@etcdts/core/plugin';
import { assert, eventually, rejects, suite } from '@etcdts/testing';
import { Counter, Gauge, Registry, type OpenMetricsContentType } from 'prom-client';
import { metrics, type MetricsOptions } from './metrics.ts';
import { FakeServer, header } from './server.test.kit.ts';

const test = suite('metrics');

const UNAVAILABLE = new EtcdError({
  code: 'UNAVAILABLE',
  message: 'said by the test',
  outcome: 'not-applied',
});

/** A client that is counted, over a server that the test speaks for. */
function bed(
  options: Partial<MetricsOptions> = {},
  around: (counted: Interceptor) => Interceptor[] = (counted) => [counted],
) {
  const registry = options.registry ?? new Registry();
  const server = new FakeServer();
  const counted = metrics({ ...options, registry });
  const client = createClient({
    endpoints: ['127.0.0.1:1', '127.0.0.1:2'],
    interceptors: [...around(counted), server],
  });
  return { registry: registry as Registry, server, client, counted, [Symbol.asyncDispose]: () => client.close() };
}

/** The samples of the metrics with this start of their name, as Prometheus gets them. */
async function samples(registry: Registry, start: string): Promise<string[]> {
  const lines = (await registry.metrics()).split('\n');
  return lines.filter((line) => line.startsWith(start)).toSorted();
}

const KV = 'grpc_service="etcdserverpb.KV"';
const PUT = `grpc_type="unary",${KV},grpc_method="Put"`;

/** Repeats what is not available, and says so as whoever repeats must. */
function repeating(attempts: number): Interceptor {
  return {
    name: 'repeating',
    unary: (next) => async (call) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await next({ ...call, attempt });
        } catch (error) {
          if (attempt === attempts || !(error instanceof EtcdError)) throw error;
          call.context.set(failedAttempts, [...call.context.get(failedAttempts), error]);
        }
      }
    },
  };
}

test('ME-01 ME-03: one put is one call started, one handled, one message sent and one received', async () => {
  await using one = bed();
  await one.client.kv.put('a', 'b');
  assert.equal(await samples(one.registry, 'grpc_client_'), [
    `grpc_client_handled_total{${PUT},grpc_code="OK"} 1`,
    `grpc_client_msg_received_total{${PUT}} 1`,
    `grpc_client_msg_sent_total{${PUT}} 1`,
    `grpc_client_started_total{${PUT}} 1`,
  ]);
  await one.client.kv.put('a', 'b');
  const twice = await samples(one.registry, 'grpc_client_');
  assert.ok(twice.every((line) => line.endsWith(' 2')));
  assert.equal(await samples(one.registry, 'grpc_client_'), twice, 'reading adds nothing');
});

test('a call that fails counts under its code and receives nothing; one that is aborted is Canceled', async () => {
  await using one = bed();
  one.server.answer = () => {
    throw UNAVAILABLE;
  };
  await rejects(one.client.kv.put('a', 'b'), { code: 'UNAVAILABLE' });
  const controller = new AbortController();
  one.server.answer = ({ signal }) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const aborted = rejects(one.client.kv.put('a', 'b', { signal: controller.signal }), (reason) => reason === 'enough');
  controller.abort('enough');
  await aborted;
  assert.equal(await samples(one.registry, 'grpc_client_'), [
    `grpc_client_handled_total{${PUT},grpc_code="Canceled"} 1`,
    `grpc_client_handled_total{${PUT},grpc_code="Unavailable"} 1`,
    `grpc_client_msg_sent_total{${PUT}} 2`,
    `grpc_client_started_total{${PUT}} 2`,
  ]);
});

test('a call that an interceptor inside refuses at once ends as well', async () => {
  const refusing: Interceptor = {
    name: 'refusing',
    unary: () => () => {
      throw UNAVAILABLE;
    },
    stream: () => () => {
      throw UNAVAILABLE;
    },
  };
  await using one = bed({}, (counted) => [counted, refusing]);
  await rejects(one.client.kv.put('a', 'b'), { code: 'UNAVAILABLE' });
  const watch = one.client.watch('a', { timeoutMs: 1 });
  await rejects(watch.created, { code: 'DEADLINE_EXCEEDED' });
  const [opened, put] = await samples(one.registry, 'grpc_client_handled');
  assert.is(put, `grpc_client_handled_total{${PUT},grpc_code="Unavailable"} 1`);
  assert.match(opened ?? '', /bidi_stream.*"Unavailable"/);
});

test('ME-03: one event response is one message received on a bidi_stream; a watch that is cancelled is Canceled', async () => {
  await using one = bed();
  const watch = one.client.watch('a');
  const message = {
    header,
    watchId: 1n,
    created: false,
    canceled: false,
    compactRevision: 0n,
    fragment: false,
    events: [],
  };
  one.server.latest.push({ ...message, created: true });
  const labels = 'grpc_type="bidi_stream",grpc_service="etcdserverpb.Watch",grpc_method="Watch"';
  assert.equal(await samples(one.registry, 'grpc_client_'), [
    `grpc_client_msg_received_total{${labels}} 1`,
    `grpc_client_msg_sent_total{${labels}} 1`,
    `grpc_client_started_total{${labels}} 1`,
  ]);
  one.server.latest.push({ ...message, header: { ...header, revision: 4n } });
  assert.equal(await samples(one.registry, 'grpc_client_msg_received'), [
    `grpc_client_msg_received_total{${labels}} 2`,
  ]);
  await watch.cancel();
  assert.equal(await samples(one.registry, 'grpc_client_handled'), [
    `grpc_client_handled_total{${labels},grpc_code="Canceled"} 1`,
  ]);
});

test('a server_stream is one message sent, those received, and the code that it ended with', async () => {
  await using one = bed();
  one.server.answer = () => ({ header, kvs: [], more: false, count: 0 });
  for await (const _ of one.client.kv.pages('a'));
  const labels = `grpc_type="server_stream",${KV},grpc_method="RangeStream"`;
  const streamed = async (): Promise<string[]> =>
    (await samples(one.registry, 'grpc_client_')).filter((line) => line.includes('server_stream'));
  assert.equal(await streamed(), [
    `grpc_client_handled_total{${labels},grpc_code="OK"} 1`,
    `grpc_client_msg_received_total{${labels}} 2`,
    `grpc_client_msg_sent_total{${labels}} 1`,
    `grpc_client_started_total{${labels}} 1`,
  ]);
});

test('each attempt to open a stream is one started, and one handled under what it ended with', async () => {
  await using one = bed();
  one.client.lease.keepAlive(7n);
  one.server.latest.fail(UNAVAILABLE);
  await eventually(() => one.server.streams.length === 2);
  const labels = 'grpc_type="bidi_stream",grpc_service="etcdserverpb.Lease",grpc_method="LeaseKeepAlive"';
  assert.equal(await samples(one.registry, 'grpc_client_'), [
    `grpc_client_handled_total{${labels},grpc_code="Unavailable"} 1`,
    `grpc_client_msg_sent_total{${labels}} 2`,
    `grpc_client_started_total{${labels}} 2`,
  ]);
  await one.client.close();
  assert.match((await samples(one.registry, 'grpc_client_handled'))[0] ?? '', /"Canceled"} 1$/);
});

test('the keepalive round trip is from a keepalive to its answer, in the order of asking', async () => {
  await using one = bed();
  one.client.lease.keepAlive(7n);
  one.client.lease.keepAlive(8n);
  one.server.latest.push({ header, id: 8n, ttl: 30 });
  one.server.latest.push({ header, id: 99n, ttl: 30 });
  const [count] = await samples(one.registry, 'etcdts_lease_keepalive_seconds_count');
  assert.is(count, 'etcdts_lease_keepalive_seconds_count 1');
  one.server.latest.push({ header, id: 7n, ttl: 30 });
  one.server.latest.push({ header, id: 7n, ttl: 30 });
  assert.equal(await samples(one.registry, 'etcdts_lease_keepalive_seconds_count'), [
    'etcdts_lease_keepalive_seconds_count 2',
  ]);
});

test('outside of what repeats it counts calls, inside attempts; the retries are the same', async () => {
  for (const [calls, around] of [
    [1, (counted: Interceptor) => [counted, repeating(3)]],
    [3, (counted: Interceptor) => [repeating(3), counted]],
  ] as const) {
    await using one = bed({}, around);
    let failures = 2;
    one.server.answer = () => {
      if (failures-- > 0) throw UNAVAILABLE;
      return { header };
    };
    await one.client.kv.put('a', 'b');
    assert.equal(await samples(one.registry, 'grpc_client_started'), [`grpc_client_started_total{${PUT}} ${calls}`]);
    assert.equal(await samples(one.registry, 'etcdts_retries'), [
      `etcdts_retries_total{${KV},grpc_method="Put",reason="UNAVAILABLE"} 2`,
    ]);
  }
});

test('an attempt of an interceptor that gives no reason for its repeat is an UNKNOWN one', async () => {
  const silent: Interceptor = { name: 'silent', unary: (next) => (call) => next({ ...call, attempt: 2 }) };
  await using one = bed({}, (counted) => [silent, counted]);
  await one.client.kv.put('a', 'b');
  assert.match((await samples(one.registry, 'etcdts_retries'))[0] ?? '', /reason="UNKNOWN"} 1$/);
});

test('clients are summed up in one registry; one that is closed leaves the gauges, and the counters stay', async () => {
  await using one = bed();
  await using two = bed({ registry: one.registry });
  const derived = one.client.intercept();
  for (const client of [one.client, one.client, two.client, derived]) client.watch('a');
  one.client.lease.keepAlive(7n);
  two.client.lease.keepAlive(8n);
  // The cluster confirms that there is no such lease.
  two.server.answer = () => ({ header, ttl: -1 });
  two.server.latest.push({ header, id: 8n, ttl: 0 });
  await two.client.lease.keepAlive(8n).renewed.catch(() => {});
  const gauges = async (): Promise<string[]> => [
    ...(await samples(one.registry, 'etcdts_watches ')),
    ...(await samples(one.registry, 'etcdts_leases')),
  ];
  assert.equal(await gauges(), ['etcdts_watches 4', 'etcdts_leases 1', 'etcdts_leases_lost_total 1']);
  const idle = async (): Promise<string[]> =>
    (await samples(one.registry, 'etcdts_endpoint_state')).filter((line) => line.includes('"idle"'));
  const state = (place: number, clients: number): string =>
    `etcdts_endpoint_state{endpoint="${place}",state="idle"} ${clients}`;
  assert.equal(await idle(), [state(0, 2), state(1, 2)], 'a derived client has the endpoints of the other one');
  await two.client.close();
  assert.equal(await gauges(), ['etcdts_watches 3', 'etcdts_leases 1', 'etcdts_leases_lost_total 1']);
  assert.equal(await idle(), [state(0, 1), state(1, 1)]);
  await derived.close();
  await one.client.close();
  assert.equal(await gauges(), ['etcdts_watches 0', 'etcdts_leases 0', 'etcdts_leases_lost_total 1']);
  assert.equal(await idle(), []);
});

test('one interceptor counts for many clients', async () => {
  await using one = bed();
  await using other = createClient({ endpoints: '127.0.0.1:1', interceptors: [one.counted, new FakeServer()] });
  await Promise.all([one.client, other].map((client: EtcdClient) => client.kv.put('a', 'b')));
  assert.equal(await samples(one.registry, 'grpc_client_started'), [`grpc_client_started_total{${PUT}} 2`]);
});

test('constant labels are on every metric, with their own values for each interceptor', async () => {
  await using one = bed({ labels: { cluster: 'a' }, histogram: true });
  await using two = bed({ registry: one.registry, labels: { cluster: 'b' } });
  await using _plain = bed({ registry: one.registry });
  for (const { client, server } of [one, two]) {
    await client.kv.put('a', 'b');
    client.watch('a');
    client.lease.keepAlive(7n);
    server.latest.push({ header, id: 7n, ttl: 30 });
  }
  const all = await samples(one.registry, '');
  const labelled = all.filter((line) => /^(grpc_client|etcdts)_/.test(line));
  for (const line of labelled.filter((line) => !/^etcdts_(?!lease_keep)/.test(line)))
    assert.match(line, /cluster="[ab]"/);
  assert.ok(all.includes('etcdts_watches{cluster="a"} 1') && all.includes('etcdts_watches{cluster="b"} 1'));
  assert.ok(all.includes('etcdts_watches 0'), 'one without labels has none');
});

test('ME-02 the histogram is optional, and has the buckets that were requested', async () => {
  await using without = bed();
  await without.client.kv.put('a', 'b');
  assert.equal(await samples(without.registry, 'grpc_client_handling'), []);
  await using one = bed({ histogram: { buckets: [0.5, 30] } });
  await one.client.kv.put('a', 'b');
  const lines = await samples(one.registry, 'grpc_client_handling_seconds');
  assert.equal(
    lines.filter((line) => !line.includes('_sum')),
    [
      `grpc_client_handling_seconds_bucket{le="+Inf",${PUT}} 1`,
      `grpc_client_handling_seconds_bucket{le="0.5",${PUT}} 1`,
      `grpc_client_handling_seconds_bucket{le="30",${PUT}} 1`,
      `grpc_client_handling_seconds_count{${PUT}} 1`,
    ],
  );
  assert.throws(
    () => metrics({ registry: one.registry, histogram: { buckets: [1] } }),
    /buckets must be those .* 0\.5, 30/,
  );
  metrics({ registry: one.registry, histogram: true });
});

test('metrics of another gRPC client in the registry are counted in, and collected as they were', async () => {
  const registry = new Registry();
  let collected = 0;
  const labelNames = ['grpc_type', 'grpc_service', 'grpc_method', 'grpc_path'];
  const others = new Counter({
    name: 'grpc_client_started_total',
    help: 'Theirs.',
    labelNames,
    registers: [registry],
    collect: () => void collected++,
  });
  others.inc({ grpc_type: 'unary', grpc_service: 's', grpc_method: 'm', grpc_path: 'p' });
  await using one = bed({ registry });
  await one.client.kv.put('a', 'b');
  assert.equal(
    await samples(registry, 'grpc_client_started'),
    [
      'grpc_client_started_total{grpc_type="unary",grpc_service="s",grpc_method="m",grpc_path="p"} 1',
      `grpc_client_started_total{${PUT}} 1`,
    ].toSorted(),
  );
  assert.is(collected, 1);
});

test('a registry that holds something else of the same name is refused, by name', () => {
  const started = { name: 'grpc_client_started_total', help: 'Theirs.' };
  const refused = (make: (registers: Registry[]) => unknown, why: RegExp, labels = {}): void => {
    const registry = new Registry();
    make([registry]);
    assert.throws(() => metrics({ registry, labels }), why);
  };
  refused(
    (registers) => new Gauge({ ...started, registers }),
    /INVALID_ARGUMENT: registry holds a grpc_client_started_total that is no counter$/,
  );
  refused(
    (registers) => new Counter({ ...started, registers }),
    /holds a grpc_client_started_total without the label "grpc_type"$/,
  );
  refused(
    (registers) => new Gauge({ name: 'etcdts_watches', help: 'Theirs.', registers }),
    /holds a metric etcdts_watches that is not of this package/,
  );
  refused(
    ([registry]) => metrics({ registry: registry! }),
    /holds a grpc_client_started_total without the label "tier"$/,
    { tier: 'a' },
  );
});

test('options that cannot be are refused, by name', () => {
  const refused = (options: unknown, why: RegExp): void => assert.throws(() => metrics(options as MetricsOptions), why);
  const registry = new Registry();
  refused(undefined, /registry must be/);
  refused({ registry: {} }, /registry must be/);
  refused(null, /options must be an object of options, not null/);
  refused(registry, /registry must be given by name: metrics\(\{ registry \}\)/);
  refused({ registry, label: {} }, /unknown option label; did you mean labels\?/);
  refused(
    { registry, histogram: { bucket: [1] } },
    /unknown option histogram\.bucket; did you mean histogram\.buckets\?/,
  );
  refused({ registry, histogram: 'yes' }, /histogram must be an object of options, not a string/);
  refused({ registry, labels: 'a' }, /labels must be an object/);
  for (const name of ['a-b', '__a', '1', ''])
    refused({ registry, labels: { [name]: 'x' } }, /which is no name of a label/);
  for (const name of ['grpc_code', 'le', 'state'])
    refused({ registry, labels: { [name]: 'x' } }, /which this package gives itself/);
  refused({ registry, labels: { a: 1 } }, /a that is no string/);
  for (const buckets of [[], [2, 1], [1, 1], ['1'], [Number.NaN], 1])
    refused({ registry, histogram: { buckets } }, /histogram\.buckets must be/);
});

test('a registry that was cleared gets new metrics, one that was reset goes on from 0', async () => {
  await using one = bed();
  one.client.watch('a');
  await one.client.kv.put('a', 'b');
  await one.registry.metrics();
  one.registry.resetMetrics();
  assert.equal(await samples(one.registry, 'etcdts_watches '), ['etcdts_watches 1']);
  await one.client.kv.put('a', 'b');
  assert.equal(await samples(one.registry, 'grpc_client_started'), [`grpc_client_started_total{${PUT}} 1`]);
  one.registry.clear();
  await using again = bed({ registry: one.registry });
  await again.client.kv.put('a', 'b');
  assert.equal(await samples(one.registry, 'grpc_client_started'), [`grpc_client_started_total{${PUT}} 1`]);
});

test('a registry of the OpenMetrics format has the same names', async () => {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  await using one = bed({ registry });
  await one.client.kv.put('a', 'b');
  assert.equal(await samples(one.registry, 'grpc_client_started'), [`grpc_client_started_total{${PUT}} 1`]);
  assert.equal(await samples(one.registry, 'grpc_client_started'), [`grpc_client_started_total{${PUT}} 1`]);
});

test('a call is passed on as it is, with its context', async () => {
  const key = contextKey('test', 0);
  const noting: Interceptor = { name: 'noting', unary: (next) => (call) => (call.context.set(key, 7), next(call)) };
  await using one = bed({}, (counted) => [noting, counted]);
  one.server.answer = (call) => (assert.is(call.context.get(key), 7), { header, enabled: true, authRevision: 1n });
  assert.is((await invoke(one.client, methods.authStatus, {})).enabled, true);
});

test('two copies of this version share the metrics of a registry: those of another version do not', () => {
  const registry = new Registry();
  metrics({ registry });
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as object;
  const key = Symbol.for(`@etcdts/metrics ${Reflect.get(manifest, 'version')}`);
  assert.ok(key in (registry.getSingleMetric('etcdts_watches') ?? {}));
});

test.run();
