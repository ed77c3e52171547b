// runs alone
// limit: 120 s
// Certificates that are replaced while a client lives: K-10 of the packages to come.
import { createClient, type TlsOptions } from '@etcdts/core';
import {
  assert,
  createCertificates,
  eventually,
  NoOpenssl,
  rejects,
  startEtcd,
  startProxy,
  suite,
  type CertificatePair,
  type EtcdServer,
  type TestCertificates,
} from '@etcdts/testing';
import { readFile } from 'node:fs/promises';

const test = suite('certificates that are replaced', { timeoutMs: 40_000 });

let certificates: TestCertificates | undefined;
let etcd: EtcdServer;

test.before(async () => {
  try {
    certificates = await createCertificates();
  } catch (error) {
    if (!(error instanceof NoOpenssl)) throw error;
    return;
  }
  const { server, ca } = certificates;
  etcd = await startEtcd({ tls: { ...server, ca, clientCertAuth: true } });
});
test.after(async () => {
  await etcd?.close();
  await certificates?.close();
});

const options = async (ca: string, { cert, key }: CertificatePair): Promise<TlsOptions> => ({
  ca: await readFile(ca),
  cert: await readFile(cert),
  key: await readFile(key),
});
const passed = (at: Date): Promise<boolean> =>
  eventually(() => Date.now() > at.getTime() + 1_100, { timeoutMs: 20_000 });

test('K-10 a certificate that expires while the client lives is replaced: a watch goes on, nothing is restarted', async ({
  skip,
}) => {
  const { ca, client: sign } = certificates ?? skip('openssl is not installed');
  await using proxy = await startProxy(etcd.endpoint);
  const expires = new Date(Date.now() + 6_000);
  const short = await options(ca, await sign('alice', expires));
  let current = short;
  let loads = 0;
  const load = (): Promise<TlsOptions> => {
    loads++;
    return Promise.resolve(current);
  };
  const endpoints = `https://${proxy.endpoint.replace(/^.*:\/\//, '')}`;
  await using client = createClient({ endpoints, tls: { load } });
  await using fixed = createClient({ endpoints, tls: short });

  const seen: string[] = [];
  const watch = client.watch('tls-load/', { prefix: true });
  const reading = (async () => {
    for await (const { kv } of watch.events()) seen.push(kv.text());
  })();
  await watch.created;
  await client.kv.put('tls-load/a', 'before');
  await fixed.kv.put('tls-load/b', 'fixed before');
  await eventually(() => seen.length === 2);
  assert.is(loads, 1);

  await passed(expires);
  // Present connections stay; the next one needs another certificate.
  await client.kv.put('tls-load/a', 'still');
  current = await options(ca, await sign('alice'));
  proxy.cut();
  await eventually(() => loads > 1);
  await client.kv.put('tls-load/a', 'after');
  await eventually(() => seen.includes('after'));
  assert.equal(seen, ['before', 'fixed before', 'still', 'after']);
  assert.ok(loads >= 2);
  assert.equal(client.describe().tls, { ca: true, clientCertificate: true, insecureSkipVerify: false, load: true });
  // This guards the test: without the new certificate, etcd refuses every client.
  await rejects(fixed.kv.put('tls-load/b', 'fixed after'), { code: 'TLS_FAILED', outcome: 'not-applied' });
  await watch.cancel();
  await reading;
});

test('K-10 certificates that cannot be loaded leave the last good ones in use, and the log gives the reason', async ({
  skip,
}) => {
  const { ca, client: sign } = certificates ?? skip('openssl is not installed');
  await using proxy = await startProxy(etcd.endpoint);
  const good = await options(ca, await sign('alice'));
  const answers: (() => TlsOptions | Promise<TlsOptions>)[] = [
    () => good,
    () => Promise.reject(new Error('ENOENT: no such file')),
    () => ({ ...good, key: 'no PEM' }),
    () => new Promise(() => {}),
  ];
  let next = 0;
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (line: string) => void warnings.push(line), error() {} };
  await using client = createClient({
    endpoints: `https://${proxy.endpoint.replace(/^.*:\/\//, '')}`,
    tls: { load: () => (answers[next++] ?? (() => good))() },
    connectTimeoutMs: 1_500,
    logger,
  });
  for (const [index, expected] of [undefined, /ENOENT/, /tls\.key holds no PEM/, /more than 1500 ms/].entries()) {
    await client.kv.get('tls-load/c');
    assert.is(next, index + 1);
    if (expected !== undefined) assert.ok(warnings.some((line) => expected.test(line) && /last good/.test(line)));
    proxy.cut();
    await eventually(() => client.describe().endpoints[0]?.state !== 'ready');
  }
});

test('K-10 a first load that fails is told by the call, with its reason', async () => {
  const load = (): Promise<TlsOptions> => Promise.reject(new Error('the vault is sealed'));
  await using client = createClient({ endpoints: 'https://127.0.0.1:1', tls: { load } });
  await rejects(client.kv.get('k'), { code: 'TLS_FAILED', outcome: 'not-applied', message: /the vault is sealed/ });
  assert.equal(client.describe().tls, { ca: false, clientCertificate: false, insecureSkipVerify: false, load: true });
});

test.run();
