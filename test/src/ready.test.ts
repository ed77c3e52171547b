// limit: 60 s
// client.ready() on real members, with what goes wrong when a program starts.
import { auth, authAdmin } from '@etcdts/auth';
import { createClient, type EtcdError } from '@etcdts/core';
import { retry } from '@etcdts/retry';
import { assert, rejects, startEtcd, startProxy, suite } from '@etcdts/testing';

const test = suite('ready', { timeoutMs: 30_000 });

test('D20 resolves with etcd there, with retry too, and on a client that intercepts more', async () => {
  await using etcd = await startEtcd();
  for (const interceptors of [[], [retry()]]) {
    await using client = createClient({ endpoints: [etcd.endpoint, '127.0.0.1:1'], interceptors });
    await client.ready();
    await client.intercept({ name: 'more', unary: (next) => next }).ready({ timeoutMs: 1_000 });
  }
});

test('D20 waits for an etcd that starts later', async () => {
  await using etcd = await startEtcd();
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint });
  proxy.refuse();
  const ready = client.ready({ timeoutMs: 20_000 });
  await rejects(client.kv.get('k'), { code: 'UNAVAILABLE' });
  await proxy.heal();
  await ready;
});

test('D20 gives the reason, for each endpoint: refused, silent, and TLS', async () => {
  await using etcd = await startEtcd();
  await using proxy = await startProxy(etcd.endpoint);
  proxy.blackhole();
  const endpoints = ['127.0.0.1:1', proxy.endpoint, `https://${etcd.endpoint.replace(/^.*\/\//, '')}`];
  await using client = createClient({ endpoints, connectTimeoutMs: 500 });
  const error = await rejects<EtcdError>(client.ready({ timeoutMs: 1_500 }), { code: 'UNAVAILABLE' });
  assert.match(error.message, /127\.0\.0\.1:1: connect ECONNREFUSED/);
  assert.match(error.message, /no connection within 500 ms/);
  assert.match(error.message, /TLS_FAILED: .*https:/);
  assert.is((error.cause as AggregateError).errors.length, 3);
});

test('D20 a member that demands a user answers, with and without one', async () => {
  await using etcd = await startEtcd();
  await using open = createClient({ endpoints: etcd.endpoint });
  const admin = authAdmin(open);
  await admin.userAdd('root', 'sentinel-password-root');
  await admin.userGrantRole('root', 'root');
  await admin.enable();
  const right = auth({ username: 'root', password: 'sentinel-password-root' });
  const wrong = auth({ username: 'root', password: 'sentinel-password-wrong' });
  for (const interceptors of [[], [right], [wrong]]) {
    await using client = createClient({ endpoints: etcd.endpoint, interceptors });
    await client.ready();
  }
});

test.run();
