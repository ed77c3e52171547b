import { createClient, type EtcdClient, type GetResponse } from '@etcdts/core';
import { assert, eventually, rejects, startEtcd, startProxy, suite, type EtcdServer } from '@etcdts/testing';
import { retry } from '@etcdts/retry';

// The behaviour that releases with streamed ranges, 3.7 and newer, and those without must share.
const test = suite('pages', { timeoutMs: 60_000 });

const KEYS = 6_000;
const name = (i: number): string => `pages/${String(i).padStart(5, '0')}`;

let etcd: EtcdServer;
let writer: EtcdClient;
let written: bigint;

test.before(async () => {
  etcd = await startEtcd();
  writer = createClient({ endpoints: etcd.endpoints });
  // There is more data than the buffers on the way hold, so that the stream is still active while its first pages are read.
  const value = Buffer.alloc(2_048, 1);
  for (let start = 0; start < KEYS; start += 300) {
    await Promise.all(Array.from({ length: 300 }, (_, i) => writer.kv.put(name(start + i), value)));
  }
  written = (await writer.kv.get('pages/', { prefix: true, countOnly: true })).header.revision;
});
test.after(async () => {
  await writer?.close();
  await etcd?.close();
});

/** Reads all pages; `amid` is called after the second one. */
async function walk(pages: AsyncIterable<GetResponse>, amid: () => unknown): Promise<string[]> {
  const found: string[] = [];
  let count = 0;
  for await (const { kvs } of pages) {
    for (const { key } of kvs) found.push(key.toString());
    if (++count === 2) await amid();
  }
  return found;
}

const WHOLE = Array.from({ length: KEYS }, (_, i) => name(i));

for (const [how, interceptors] of [
  ['without retry', []],
  ['with retry', [retry()]],
] as const) {
  for (const mode of ['reset', 'close'] as const) {
    test(`KV-09 connections that are cut (${mode}) amid pages lose and repeat no key, ${how}`, async () => {
      await using proxy = await startProxy(etcd.endpoint);
      await using client = createClient({ endpoints: proxy.endpoint, interceptors });
      const pages = client.kv.pages('pages/', { prefix: true, pageSize: 500, revision: written });
      const found = await walk(pages, async () => {
        proxy.cut(mode);
        await writer.kv.put(name(KEYS), 'later');
        // A request that is under way at the cut fails without retry, on every release. Between two pages there is none.
        await eventually(() => proxy.accepted > 1 || client.describe().endpoints[0]?.state !== 'ready');
      });
      assert.equal(found, WHOLE);
    });
  }
}

test('KV-09 a restart of the member amid pages loses and repeats no key', async () => {
  await using own = await startEtcd();
  await using client = createClient({ endpoints: own.endpoints, interceptors: [retry()] });
  const value = Buffer.alloc(16_384, 1);
  for (let i = 0; i < 500; i++) await client.kv.put(name(i), value);
  const pages = client.kv.pages('pages/', { prefix: true, pageSize: 50 });
  assert.equal(await walk(pages, () => own.member.restart()), WHOLE.slice(0, 500));
});

test('timeoutMs bounds each page, and not the time of its reader', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint });
  const options = { prefix: true, pageSize: 500, revision: written, timeoutMs: 800 } as const;
  const idle = client.kv.pages('pages/', options);
  assert.equal(await walk(idle, () => new Promise((resolve) => setTimeout(resolve, 1_200))), WHOLE);

  const iteration = client.kv.pages('pages/', options)[Symbol.asyncIterator]();
  await iteration.next();
  proxy.pause('toClient');
  let asked = performance.now();
  const read = async (): Promise<void> => {
    // The buffers already hold a few more pages.
    for (;;) {
      asked = performance.now();
      await iteration.next();
    }
  };
  await rejects(read(), { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
  const took = performance.now() - asked;
  assert.ok(took > 700 && took < 4_000, `${took} ms`);
});

test('KV-09 a compaction amid pages is COMPACTED, after whole pages and with how far they came', async () => {
  await using own = await startEtcd();
  await using client = createClient({ endpoints: own.endpoints });
  const value = Buffer.alloc(64_384, 1);
  for (let i = 0; i < 500; i++) await client.kv.put(name(i), value);
  const found: string[] = [];
  const pages = client.kv.pages('pages/', { prefix: true, pageSize: 20 });
  const reading = (async () => {
    for await (const { kvs } of pages) {
      for (const { key } of kvs) found.push(key.toString());
      if (found.length > 20) continue;
      await client.kv.put('pages/later', 'x');
      await client.kv.compact((await client.kv.put('pages/later', 'y')).header.revision, { physical: true });
    }
  })();
  const error = await rejects(reading, { code: 'COMPACTED' });
  assert.match((error as Error).message, new RegExp(`the pages before had ${found.length} of 500 keys`));
  assert.ok(found.length >= 20 && found.length % 20 === 0, String(found.length));
  assert.equal(found, WHOLE.slice(0, found.length));
});

test.run();
