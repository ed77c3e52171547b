import { readFile } from 'node:fs/promises';
import { auth } from '@etcdts/auth';
import { compare, createClient, isEtcdError, op, type EtcdClient, type EtcdError } from '@etcdts/core';
import { metrics } from '@etcdts/metrics';
import { withNamespace } from '@etcdts/namespace';
import { retry } from '@etcdts/retry';
import { assert, createCertificates, rejects, startCluster, startProxy, suite } from '@etcdts/testing';
import { Registry } from 'prom-client';
import { app, sleep } from './auth/auth-etcd.ts';
import { Showing } from './recorded.ts';
import { linesOf, PASSWORD, startStack, user } from './stack.ts';

const test = suite('secrets of the whole stack', { timeoutMs: 60_000 });

const KEY = 'app/sentinel-key';
const VALUE = 'sentinel-value';
const TOKEN = 'sentinel-token';

test('no key, value, user, password, token or private key is in an error, a log line, a label or a description', async () => {
  await using stack = await startStack();
  await using proxy = await startProxy({ host: '127.0.0.1', port: Number(stack.etcd.endpoint.split(':').at(-1)) });
  const showing = new Showing();
  const { show, logger } = showing;
  const codes: Set<string> = new Set();
  const fails = async (call: () => unknown): Promise<void> => {
    try {
      await call();
    } catch (error) {
      codes.add(isEtcdError(error) ? error.code : (error as Error).name);
      return show(error);
    }
    throw new Error(`does not fail: ${call}`);
  };
  const read = async (stream: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of stream);
  };
  const through = (options: Parameters<typeof stack.client>[0] = {}): EtcdClient =>
    stack.client({ endpoints: `https://${proxy.endpoint}`, logger, ...options });

  await using client = through();
  const { kv, lease } = client;
  await kv.put(KEY, VALUE);
  const { header } = await kv.put(KEY, VALUE);
  await kv.compact(header.revision);

  // Verdicts of etcd.
  await fails(() => kv.get(KEY, { revision: 1 }));
  await fails(() => kv.get(KEY, { revision: 1n << 40n }));
  await fails(() => kv.put(KEY, VALUE, { lease: 7 }));
  await fails(() => kv.put(`${KEY}2`, '', { ignoreValue: true }));
  await fails(() => kv.txn({ if: [compare.value(KEY, '=', VALUE)], then: [op.put(KEY, VALUE), op.put(KEY, VALUE)] }));
  await fails(() => kv.txn({ then: Array.from({ length: 200 }, (_, i) => op.put(`${KEY}${i}`, VALUE)) }));
  await fails(() => kv.put(KEY, VALUE.repeat(120_000)));
  await fails(() => kv.put(KEY, VALUE.repeat(200_000)));
  await fails(() => lease.keepAliveOnce(7));
  await fails(() => read(client.watch(KEY, { startRevision: 1 })));

  // Requests that the client refuses.
  await fails(() => kv.put(`${KEY}\ud800`, VALUE));
  await fails(() => kv.put(KEY, `${VALUE}\ud800`));
  await fails(() => op.put(`${KEY}\ud800`, VALUE));
  await fails(() => compare.value(KEY, '=', `${VALUE}\ud800`));
  await fails(() => kv.put('', VALUE));
  await fails(() => kv.put(KEY, { [VALUE]: VALUE } as never));
  await fails(() => kv.get(KEY, { rangeEnd: 'app/a' }));
  await fails(() => kv.get(KEY, { prefix: true, fromKey: true } as never));
  await fails(() => kv.get(KEY, { limit: VALUE as never }));
  await fails(() => kv.get(KEY, { metadata: { 'x-secret': `${TOKEN}\n` } }));
  await fails(() => client.watch(`${KEY}\ud800`));
  await fails(() => createClient({ endpoints: `https://${user.username}:${PASSWORD}@127.0.0.1:1` }));
  await fails(() => createClient({ endpoints: '127.0.0.1:1', tls: { ...stack.tls, cert: 'x' } }));
  const scoped = withNamespace(client, `${KEY}/`);
  await fails(() => scoped.kv.compact(1));
  await fails(() => scoped.kv.put(KEY, VALUE, { lease: 7 }));
  await fails(() => scoped.kv.get(KEY, { rangeEnd: 'app/a' }));

  // Certificates, users, passwords and tokens.
  await using foreign = await createCertificates();
  const pair = await foreign.rogue.client(user.username);
  const rogue = { ca: await readFile(foreign.ca), cert: await readFile(pair.cert), key: await readFile(pair.key) };
  for (const options of [
    { tls: { ...stack.tls, ca: rogue.ca } },
    { tls: { ...rogue, ca: stack.tls.ca } },
    { endpoints: `http://${proxy.endpoint}` },
    { interceptors: stack.interceptors({ ...user, password: `${PASSWORD}-wrong` }) },
    { interceptors: stack.interceptors({ ...user, username: `${user.username}-wrong` }) },
    { interceptors: stack.interceptors({ token: TOKEN }) },
    { interceptors: stack.interceptors({ token: `${TOKEN}\n` }) },
    { interceptors: stack.interceptors({ token: () => Promise.reject(new Error('no token')) }) },
  ]) {
    const made = through({ ...options, requestTimeoutMs: 2_000 });
    await fails(() => made.kv.put(KEY, VALUE));
    await fails(() => made.watch(KEY, { timeoutMs: 500 }).created);
    show(made);
    show(made.describe());
    await made.close();
  }
  await using denied = through({ interceptors: stack.interceptors(app) });
  await fails(() => denied.kv.put(`sentinel-key`, VALUE));
  await fails(() => read(denied.watch('sentinel-key')));
  await fails(() => read(denied.maintenance.snapshot()));

  // Connections, deadlines, aborts, the end.
  const kept = lease.keepAlive((await lease.grant(2)).id);
  const watch = client.watch(KEY);
  await watch.created;
  await fails(() => kv.get(KEY, { signal: AbortSignal.abort() }));
  proxy.swallowReplies();
  const swallowed = fails(() => kv.put(KEY, VALUE, { timeoutMs: 1_000 }));
  await fails(() => kv.get(KEY, { timeoutMs: 100 }));
  await sleep(100);
  proxy.cut();
  await swallowed;
  proxy.refuse();
  proxy.cut();
  await fails(() => kv.put(KEY, VALUE, { timeoutMs: 500 }));
  await fails(() => kv.get(KEY, { timeoutMs: 500 }));
  await fails(() => read(kept));
  show(kept.signal.reason);
  await proxy.heal();
  await kv.get(KEY);
  const pending = fails(() => client.watch(KEY, { startRevision: 1n << 40n, metadata: { a: 'b' } }).created);
  await client.close();
  await pending;
  await fails(() => kv.put(KEY, VALUE));

  for (const one of [client, client.describe(), kv, lease, kept, stack.interceptors()]) show(one);
  showing.texts.push(await stack.registry.metrics());
  const kinds =
    'COMPACTED FUTURE_REV LEASE_NOT_FOUND KEY_NOT_FOUND DUPLICATE_KEY TOO_MANY_OPS REQUEST_TOO_LARGE EMPTY_KEY';
  const ours = 'INVALID_ARGUMENT NAMESPACE_VIOLATION UNAVAILABLE DEADLINE_EXCEEDED LEASE_LOST';
  const others = 'AUTH_FAILED INVALID_AUTH_TOKEN UNAUTHENTICATED PERMISSION_DENIED AbortError CLIENT_CLOSED';
  for (const kind of `${kinds} ${ours} ${others}`.split(' ')) assert.ok(codes.has(kind), `${kind} is provoked`);
  assert.ok(showing.errors > 40, `${showing.errors} errors`);
  // A secret that is shown is found.
  assert.ok(showing.hits(['the client is closed', '127.0.0.1', 'grpc_client_handled_total', 'endpoints']).length >= 4);
  const secrets = ['sentinel-', ...stack.keySecrets, ...linesOf(rogue.key)];
  assert.equal(showing.hits(secrets), []);
});

test('nor is one where the store is full, and where the cluster has lost its leader', async () => {
  const extraArgs = ['--backend-batch-limit=1'];
  await using cluster = await startCluster({ members: 2, quotaBytes: 16 * 2 ** 20, extraArgs });
  const showing = new Showing();
  const { show, logger } = showing;
  const registry = new Registry();
  const interceptors = [metrics({ registry }), retry(), auth(user)];
  await using client = createClient({ endpoints: cluster.endpoints, interceptors, logger });
  const codes: Set<string> = new Set();
  const fails = async (call: Promise<unknown>): Promise<void> => {
    const error = await rejects<EtcdError>(call);
    codes.add(error.code);
    show(error);
  };

  const value = VALUE.repeat(70_000);
  await fails(
    (async () => {
      for (let i = 0; i < 100; i++) await client.kv.put(`${KEY}${i}`, value);
    })(),
  );
  await cluster.members[1]?.kill();
  const options = { endpoint: cluster.endpoints[0], timeoutMs: 15_000, retry: false } as const;
  await Promise.all([
    fails(client.kv.put(KEY, VALUE, options)),
    fails(client.kv.get(KEY, options)),
    fails(client.kv.get(KEY, { ...options, retry: undefined, timeoutMs: 3_000 })),
  ]);
  await fails(client.kv.put(KEY, VALUE, { ...options, requireLeader: true }));
  await fails(client.watch(KEY, { endpoint: cluster.endpoints[0], timeoutMs: 1_000 }).created);
  showing.texts.push(await registry.metrics());
  for (const code of ['NO_SPACE', 'NO_LEADER', 'DEADLINE_EXCEEDED']) assert.ok(codes.has(code), [...codes].join());
  assert.ok(
    [...codes].some((code) => code.startsWith('TIMEOUT')),
    [...codes].join(),
  );
  assert.equal(showing.hits(['sentinel-']), []);
});

test.run();
