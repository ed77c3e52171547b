// Compactions during a streamed range, and by the etcd itself: on a real etcd and on the embedded one.
import { createClient } from '@etcdts/core';
import { startEmbedded } from '@etcdts/embedded';
import { assert, eventually, findEtcd, isAtLeast, rejects, startEtcd, suite } from '@etcdts/testing';
import { RawEtcd, type Message } from '../raw-etcd.ts';

const test = suite('embedded: compaction', { timeoutMs: 60_000 });
const { version } = await findEtcd();
const KEYS = 1_000;
const COMPACTED = { code: 11, details: 'etcdserver: mvcc: required revision has been compacted' };
const key = (i: number | string): Buffer => Buffer.from(`stream/${i}`);
const range = { key: key(''), rangeEnd: Buffer.from('stream0') };

interface Streamed {
  readonly keys: number;
  readonly error: unknown;
}

/** Streams 10 MB, and when the first part is there, compacts all that came before a put of then. */
async function streamed(endpoint: string, compact: boolean): Promise<Streamed> {
  // The calls of another connection do not wait for the stream.
  const [etcd, other] = [new RawEtcd(endpoint), new RawEtcd(endpoint)];
  try {
    for (let i = 0; i < KEYS; i += 100) {
      const puts = Array.from({ length: 100 }, (_, j) => ({ key: key(i + j), value: Buffer.alloc(10_000) }));
      await other.call('KV.Txn', { success: puts.map((requestPut) => ({ requestPut })) });
    }
    const call = etcd.begin('KV.RangeStream', range);
    await eventually(() => call.received.length > 0 && (call.pause(), true), { intervalMs: 1 });
    const { header } = (await other.call('KV.Put', { key: key('new') })).responses[0] as { header: Message };
    if (compact) await other.call('KV.Compact', { revision: header['revision'], physical: true });
    call.resume();
    const { responses, error } = await call.outcome;
    const keys = responses.map(({ rangeResponse }) => (rangeResponse as { kvs: unknown[] }).kvs.length);
    return { keys: keys.reduce((sum, one) => sum + one, 0), error };
  } finally {
    etcd.close();
    other.close();
  }
}

test('a range that is streamed stops with COMPACTED if its revision is compacted meanwhile, and is whole otherwise', async (t) => {
  await using embedded = await startEmbedded();
  const stopped = async (endpoint: string): Promise<void> => {
    const { keys, error } = await streamed(endpoint, true);
    assert.equal(error, COMPACTED);
    assert.ok(keys >= 10 && keys < KEYS, `${keys} keys`);
    // What is put during the stream is in none of its parts.
    const again = await streamed(endpoint, false);
    assert.equal(again, { keys: KEYS + 1, error: undefined });
  };
  await stopped(embedded.endpoint);
  if (!isAtLeast(version, '3.7')) t.skip('this etcd streams no ranges');
  await using real = await startEtcd();
  await stopped(real.endpoint);
});

test('an etcd compacts what is older than a time, as a real one', async () => {
  const retention = { autoCompactionMode: 'periodic', autoCompactionRetention: '1s' } as const;
  await using real = await startEtcd({ autoCompaction: { mode: 'periodic', retention: '1s' } });
  await using embedded = await startEmbedded(retention);
  for (const { endpoint } of [real, embedded]) {
    await using client = createClient({ endpoints: endpoint });
    for (let i = 0; i < 3; i++) await client.kv.put('k', String(i));
    await eventually(() =>
      client.kv.get('k', { revision: 3 }).then(
        () => false,
        (error) => error.code === 'COMPACTED',
      ),
    );
    assert.is((await client.kv.get('k')).kvs[0]?.text(), '2');
  }
});

test('advance lets a test meet the compaction of an hour, and of revisions', async () => {
  for (const [options, steps] of [
    [{ autoCompactionRetention: 1 }, 20],
    [{ autoCompactionRetention: '1h' }, 20],
    [{ autoCompactionMode: 'revision', autoCompactionRetention: 3 }, 1],
  ] as const) {
    await using etcd = await startEmbedded(options);
    await using client = createClient({ endpoints: etcd.endpoint });
    for (let i = 0; i < 10; i++) await client.kv.put('k', String(i));
    for (let i = 0; i < steps; i++) etcd.advance(6 * 60_000);
    await rejects(client.kv.get('k', { revision: 2 }), { code: 'COMPACTED' });
    assert.is((await client.kv.get('k')).kvs[0]?.text(), '9');
  }
  await using etcd = await startEmbedded({ autoCompactionMode: 'revision' });
  await using client = createClient({ endpoints: etcd.endpoint });
  for (let i = 0; i < 10; i++) await client.kv.put('k', String(i));
  etcd.advance(48 * 3_600_000);
  assert.is((await client.kv.get('k', { revision: 2 })).count, 1);
});

test('options of auto-compaction that mean nothing are refused by name', async () => {
  await rejects(startEmbedded({ autoCompactionRetention: '5 minutes' }), /autoCompactionRetention is 5 minutes/);
  await rejects(startEmbedded({ autoCompactionMode: 'hourly' as 'periodic' }), /autoCompactionMode is hourly/);
});

test.run();
