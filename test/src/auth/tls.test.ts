// on both transports
import { readFile } from 'node:fs/promises';
import { auth, authAdmin } from '@etcdts/auth';
import { createClient } from '@etcdts/core';
import { assert, createCertificates, rejects, startEtcd, suite, type CertificatePair } from '@etcdts/testing';
import { addUsers, app } from './auth-etcd.ts';

const test = suite('auth over TLS', { timeoutMs: 30_000 });

test('the common name of a certificate is the user, without an interceptor; a token goes before it (A-02, A-11)', async () => {
  await using certificates = await createCertificates();
  const ca = await readFile(certificates.ca);
  await using etcd = await startEtcd({
    tls: { ...certificates.server, ca: certificates.ca, clientCertAuth: true },
    extraArgs: ['--bcrypt-cost=4'],
  });
  const tlsOf = async ({ cert, key }: CertificatePair) => ({
    ca,
    cert: await readFile(cert),
    key: await readFile(key),
  });
  const tls = await tlsOf(await certificates.client('reader'));
  await using root = createClient({ endpoints: etcd.endpoints, tls: await tlsOf(await certificates.client('root')) });
  await using reader = createClient({ endpoints: etcd.endpoints, tls });
  await using writer = createClient({ endpoints: etcd.endpoints, tls, interceptors: [auth(app)] });
  const admin = authAdmin(root);
  await addUsers(admin);
  await admin.userAdd('reader', { noPassword: true });
  await admin.roleAdd('reader');
  await admin.roleGrantPermission('reader', { type: 'read', key: 'app/', prefix: true });
  await admin.userGrantRole('reader', 'reader');
  await admin.enable();

  await root.kv.put('app/cn', 'x');
  assert.is((await reader.kv.get('app/cn')).kvs[0]?.text(), 'x');
  await rejects(reader.kv.put('app/cn', 'y'), { code: 'PERMISSION_DENIED', outcome: 'not-applied' });
  await rejects(reader.kv.get('other'), { code: 'PERMISSION_DENIED' });
  const watch = reader.watch('app/cn');
  await watch.created;
  await writer.kv.put('app/cn', 'z');
  for await (const { kv } of watch.events()) {
    assert.is(kv.text(), 'z');
    break;
  }
  // A user without a password cannot authenticate by one.
  await using guessing = createClient({
    endpoints: etcd.endpoints,
    tls,
    interceptors: [auth({ username: 'reader', password: 'sentinel-password that is a guess' })],
  });
  await rejects(guessing.kv.get('app/cn'), { outcome: 'not-applied', method: 'Auth.Authenticate' });
});

test.run();
