import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { CertificatePair } from '@etcdts/testing';
import { assert, createCertificates, rejects, startEtcd, suite } from '@etcdts/testing';

const test = suite('harness: certificates', { timeoutMs: 30_000 });

function status(url: string, ca: string, client?: CertificatePair): Promise<number | undefined> {
  const pems = client && { cert: readFileSync(client.cert), key: readFileSync(client.key) };
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent: false, ca: readFileSync(ca), ...pems };
    const sent = request(`${url}/v3/maintenance/status`, options, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end('{}');
  });
}

test('etcd serves over TLS, and its authority is told from a rogue one', async () => {
  await using certificates = await createCertificates();
  await using etcd = await startEtcd({ tls: certificates.server });
  assert.is(etcd.endpoints[0], `https://${etcd.endpoint}`);
  assert.is(await status(etcd.member.clientUrl, certificates.ca), 200);
  assert.is(await status(etcd.member.clientUrl.replace('127.0.0.1', 'localhost'), certificates.ca), 200);
  await rejects(status(etcd.member.clientUrl, certificates.rogue.ca), { code: /VERIFY|CERT|SELF_SIGNED/ });
  assert.is(await etcd.member.metric('etcd_server_is_leader'), 1);
});

test('a certificate for another name is refused', async () => {
  await using certificates = await createCertificates();
  await using etcd = await startEtcd({ tls: certificates.wrongName });
  await rejects(status(etcd.member.clientUrl, certificates.ca), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('etcd takes a client certificate of its authority and no other', async () => {
  await using certificates = await createCertificates();
  const tls = { ...certificates.server, ca: certificates.ca, clientCertAuth: true };
  await using etcd = await startEtcd({ tls });
  const { clientUrl } = etcd.member;
  assert.is(await status(clientUrl, certificates.ca, await certificates.client('alice/admin')), 200);
  await rejects(status(clientUrl, certificates.ca));
  await rejects(status(clientUrl, certificates.ca, await certificates.rogue.client('alice')));
});

test.run();
