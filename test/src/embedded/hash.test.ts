// The same history on a real etcd and on two embedded ones.
import { startEmbedded, type EmbeddedEtcd } from '@etcdts/embedded';
import { assert, findEtcd, isAtLeast, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { RawEtcd, type Message, type Outcome } from '../raw-etcd.ts';

const test = suite('embedded: hash and size', { timeoutMs: 60_000 });
const { version } = await findEtcd();
let servers: readonly [EtcdServer, EmbeddedEtcd, EmbeddedEtcd];
let etcds: readonly RawEtcd[];

test.before.each(async () => {
  servers = [await startEtcd(), await startEmbedded(), await startEmbedded()];
  etcds = servers.map(({ endpoint }) => new RawEtcd(endpoint));
});
test.after.each(async () => {
  for (const etcd of etcds) etcd.close();
  for (const server of servers) await server.close();
});

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Sends a request to all, and returns their answers in order. */
async function all(name: string, request: Message): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const etcd of etcds) outcomes.push(await etcd.call(name, request));
  return outcomes;
}

/** Compares what all answer to HashKV, and returns it. */
async function hashKv(revision: number): Promise<Message> {
  const [real, one, other] = (await all('Maintenance.HashKV', { revision })).map(({ responses: [response], error }) => {
    const { header: _, hashRevision, ...hash } = response ?? {};
    return { ...hash, ...(isAtLeast(version, '3.6') ? { hashRevision } : {}), error };
  });
  assert.equal(one, real, `HashKV ${revision}`);
  assert.equal(other, real, `HashKV ${revision}`);
  return real as Message;
}

test('an empty etcd has a hash and a size', async () => {
  assert.ok((await hashKv(0))['hash']);
  for (const { responses } of await all('Maintenance.Hash', {})) assert.ok(responses[0]?.['hash']);
  for (const { responses } of await all('Maintenance.Status', {})) {
    assert.ok((responses[0]?.['dbSize'] as bigint) > 0n);
    assert.ok((responses[0]?.['dbSizeInUse'] as bigint) > 0n);
  }
});

test('HashKV is that of a real etcd with the same history, and stays when its revision is compacted', async (t) => {
  if (!isAtLeast(version, '3.5')) t.skip('this etcd has no hash of a store that was never compacted');
  await all('Lease.LeaseGrant', { ID: 2n ** 62n + 5n, TTL: 1_000 });
  await all('KV.Put', { key: bytes('a'), value: bytes('\0\xff'), lease: 2n ** 62n + 5n });
  await all('KV.Put', { key: bytes('gone'), value: Buffer.alloc(300) });
  await all('KV.DeleteRange', { key: bytes('gone') });
  const puts = ['a', 'b', '\xff'].map((key) => ({ requestPut: { key: bytes(key), value: bytes(key) } }));
  await all('KV.Txn', { success: puts });
  await all('Lease.LeaseRevoke', { ID: 2n ** 62n + 5n });
  await all('KV.Put', { key: bytes('gone') });
  const seen = new Set<unknown>();
  for (const revision of [1, 2, 3, 4, 5, 6, 7]) seen.add((await hashKv(revision))['hash']);
  assert.is(seen.size, 7);
  for (const compacted of [4, 5]) {
    const { hash } = await hashKv(compacted);
    await all('KV.Compact', { revision: compacted, physical: true });
    assert.is((await hashKv(compacted))['hash'], hash);
    for (const revision of [1, 2, 3, 4, 5, 6]) await hashKv(revision);
  }
  for (const revision of [0, -1, 100]) await hashKv(revision);
});

test('HashKV is that of a real etcd after a compaction at the delete of the last key', async (t) => {
  if (!isAtLeast(version, '3.5')) t.skip('this etcd has no hash of a store that was never compacted');
  await all('KV.Put', { key: bytes('a') });
  await all('KV.DeleteRange', { key: bytes('a') });
  const before = await hashKv(3);
  await all('KV.Compact', { revision: 3, physical: true });
  assert.is((await hashKv(3))['hash'], before['hash']);
  await hashKv(0);
});

test('the hash of the database depends on its data, and is equal for two with one history', async () => {
  const hashes = async (): Promise<unknown[]> =>
    (await all('Maintenance.Hash', {})).slice(1).map(({ responses }) => responses[0]?.['hash']);
  const seen = new Set<unknown>();
  for (const [name, request] of [
    ['KV.Put', { key: bytes('a') }],
    ['Lease.LeaseGrant', { ID: 7, TTL: 100 }],
    ['KV.Put', { key: bytes('a') }],
    ['KV.Compact', { revision: 3, physical: true }],
  ] as const) {
    await all(name, request);
    const [one, other] = await hashes();
    assert.is(one, other);
    seen.add(one);
  }
  assert.is(seen.size, 4);
});

test('sizes are about those of a real etcd, and fall as there', async () => {
  const sizes = async (): Promise<number[][]> =>
    (await all('Maintenance.Status', {}))
      .slice(0, 2)
      .map(({ responses: [response] }) => [response?.['dbSize'], response?.['dbSizeInUse']].map(Number));
  const about = (what: string, [one, other]: readonly (number | undefined)[]): void => {
    const ratio = (other ?? NaN) / (one ?? NaN);
    assert.ok(ratio > 0.7 && ratio < 1.4, `${what}: ${other} instead of ${one}`);
  };
  const puts = Array.from({ length: 100 }, (_, i) => ({
    requestPut: { key: bytes(`key/${i}`), value: Buffer.alloc(10_000, i) },
  }));
  for (let i = 0; i < 3; i++) await all('KV.Txn', { success: puts });
  // A real etcd stores them within 100 ms; a compaction that waits for that stores them at once.
  await all('KV.Compact', { revision: 3, physical: true });
  const [full = [], like = []] = await sizes();
  about('the size', [full[0], like[0]]);
  await all('KV.Compact', { revision: 4, physical: true });
  const [, compacted = []] = await sizes();
  assert.is(compacted[0], like[0]);
  await all('Maintenance.Defragment', {});
  const [real = [], embedded = []] = await sizes();
  about('the size that is left', [real[0], embedded[0]]);
  about('the size that is used', [real[1], embedded[1]]);
  assert.ok((embedded[0] ?? 0) < (like[0] ?? 0) / 2);
});

test.run();
