// limit: 240 s
// The programs of the documents that need more than one plain etcd: a cluster, TLS with a password, client certificates.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type ClientOptions } from '@etcdts/core';
import { assert, eventually, rejects, startCluster, suite, type EtcdCluster } from '@etcdts/testing';
import { blocksOf, compile, documents, runBlock, serverOf, textOf, type Server } from './documents.ts';
import { startSecureEtcds, type SecureEtcds } from './secure-etcds.ts';

type Special = Exclude<Server, 'plain'>;

const test = suite('documents on other servers', { timeoutMs: 60_000, hookTimeoutMs: 60_000 });
const blocks = documents()
  .flatMap(blocksOf)
  .filter((block) => block.runs && serverOf(block) !== 'plain');

let secure: SecureEtcds | undefined;
const servers: Partial<Record<Special, EtcdCluster>> = {};

test.before(async () => {
  [servers.cluster, secure] = await Promise.all([startCluster(), startSecureEtcds()]);
  if (secure !== undefined) Object.assign(servers, { tls: secure.tls, mutual: secure.mutual });
  for (const [server, cluster] of Object.entries(servers)) {
    const endpoint = cluster.endpoints.map((one) => `'${one.replace(/^http:\/\//, '')}'`).join(', ');
    const complaints = await compile(
      blocks.filter((block) => serverOf(block) === server),
      { place: `documents-${server}`, endpoint, claims: true },
    );
    assert.is(complaints, '');
  }
  await acceptsMembers(servers.cluster as EtcdCluster);
});

test.after(async () => {
  await Promise.all([servers.cluster?.close(), secure?.close()]);
});

/** Waits until a change of the members is accepted: not before the members have been connected for some seconds. */
async function acceptsMembers({ endpoints }: EtcdCluster): Promise<void> {
  await using client = createClient({ endpoints });
  await eventually(async () => {
    const { member } = await client.cluster.memberAddAsLearner(['http://127.0.0.1:1']);
    await client.cluster.memberRemove(member.id);
    return true;
  });
}

for (const block of blocks) {
  const server = serverOf(block) as Special;
  test(`${block.name} runs to its end on its ${server}, and what it claims is so`, async ({ skip }) => {
    if (servers[server] === undefined) skip('openssl is not installed');
    const secrets = secure === undefined ? {} : { cwd: secure.folder, env: { ETCD_PASSWORD: secure.password } };
    // Three members that share a busy machine are slow to defragment.
    const more = { ...secrets, limitMs: 50_000 };
    const { code, output } = await runBlock(block, `documents-${server}`, more);
    assert.is(code, 0, output);
  });
}

test('docs/tls.md has the texts of the errors that mistakes with TLS give', async ({ skip }) => {
  const { tls, mutual, folder } = secure ?? skip('openssl is not installed');
  const [plain = ''] = (servers.cluster as EtcdCluster).endpoints;
  const ca = readFileSync(join(folder, 'ca.pem'));
  const load = (): never => {
    throw new Error('no such file');
  };
  const mistakes: readonly ClientOptions[] = [
    { endpoints: tls.endpoints },
    { endpoints: tls.endpoints, tls: { ca, serverName: 'other.example' } },
    { endpoints: tls.endpoints, tls: { load } },
    { endpoints: mutual.endpoints, tls: { ca } },
    { endpoints: plain.replace('http:', 'https:'), tls: { ca } },
    { endpoints: `http://${tls.endpoint.replace('https://', '')}` },
  ];
  const [, section = ''] = textOf('docs/tls.md').split('\n## What goes wrong\n');
  const texts = [...section.matchAll(/`([a-z][a-z.' :/-]+)`/gi)].map(([, text]) => text as string);
  for (const options of mistakes) {
    await using client = createClient(options);
    const { message } = await rejects(client.kv.get('k'), { outcome: 'not-applied' });
    assert.ok(
      texts.some((text) => text.length > 12 && message.includes(text)),
      message,
    );
  }
});

test('there are programs for each of these servers', () => {
  for (const server of ['cluster', 'tls', 'mutual'])
    assert.ok(
      blocks.some((block) => serverOf(block) === server),
      server,
    );
});

test.run();
