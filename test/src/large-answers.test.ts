// limit: 60 s
// Large answers whose memory is used again: what is kept of one stays as it is, whatever comes after it.
import { createClient, type KeyValue } from '@etcdts/core';
import { grpcTransport } from '@etcdts/core/plugin';
import { http2Transport } from '@etcdts/http2';
import { assert, rejects, seeded, startEtcd, suite, type EtcdServer } from '@etcdts/testing';

const test = suite('large answers', { timeoutMs: 60_000 });
const KEYS = 3_000;

let etcd: EtcdServer;
test.before(async () => {
  etcd = await startEtcd();
  await using client = createClient({ endpoints: etcd.endpoint });
  for (let i = 0; i < KEYS; i += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, j) => client.kv.put(nameOf(i + j), valueOf(i + j))));
  }
});
test.after(() => etcd.close());

const nameOf = (i: number): string => `large/${String(i).padStart(4, '0')}`;
/** Values of all sizes up to 600 bytes, and some that are larger than what lies together in memory. */
const valueOf = (i: number): string => `${i}.`.repeat(i % 100 === 0 ? 4_000 : 1 + (i % 120));

/** Asserts that keys are these and their neighbours. */
function assertRange(kvs: readonly KeyValue[], first: number): void {
  for (const [i, { key, value }] of kvs.entries()) {
    assert.is(key.toString(), nameOf(first + i));
    assert.is(value.toString(), valueOf(first + i), `the value of ${nameOf(first + i)}`);
  }
}

for (const transport of [grpcTransport(), http2Transport()]) {
  test(`over ${transport.name}: ranges side by side, some cancelled and some late, keep what they brought`, async () => {
    await using client = createClient({ endpoints: etcd.endpoint, transport });
    const random = seeded(7);
    const kept: { readonly first: number; readonly kvs: readonly KeyValue[] }[] = [];
    let cancelled = 0;
    const lane = async (): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        const first = Math.floor(random() * (KEYS - 1));
        const limit = random() < 0.2 ? 1 + Math.floor(random() * 20) : 1_000;
        const controller = new AbortController();
        const answer = client.kv.get(nameOf(first), { rangeEnd: 'large0', limit, signal: controller.signal });
        if (random() < 0.25) {
          // Some of them are cancelled amid their messages.
          setTimeout(() => controller.abort(), Math.floor(random() * 6));
          await answer.then(
            ({ kvs }) => kept.push({ first, kvs }),
            () => cancelled++,
          );
        } else kept.push({ first, kvs: (await answer).kvs });
      }
    };
    await Promise.all(Array.from({ length: 6 }, lane));
    assert.ok(cancelled > 0 && kept.length > 150, `${cancelled} cancelled, ${kept.length} kept`);
    for (const { first, kvs } of kept) assertRange(kvs, first);
  });

  test(`over ${transport.name}: large values one after the other, and at once`, async () => {
    await using client = createClient({ endpoints: etcd.endpoint, transport });
    const names = Array.from({ length: 12 }, (_, i) => `value/${i}`);
    for (const [i, name] of names.entries()) await client.kv.put(name, Buffer.alloc(100_000 + 50_000 * i, name));
    const get = async (name: string): Promise<Buffer> => (await client.kv.get(name)).kvs[0]!.value;
    const kept: Buffer[] = [];
    for (const name of names) kept.push(await get(name));
    kept.push(...(await Promise.all(names.map(get))));
    for (const [i, value] of kept.entries()) {
      const name = names[i % names.length] as string;
      assert.ok(value.equals(Buffer.alloc(value.length, name)), `the value of ${name}`);
    }
  });

  test(`over ${transport.name}: an answer beyond the limit is refused, and the next ones are whole`, async () => {
    await using client = createClient({ endpoints: etcd.endpoint, transport, maxReceiveBytes: 200_000 });
    for (let i = 0; i < 5; i++) {
      await rejects(client.kv.get('large/', { prefix: true }), { code: 'RESPONSE_TOO_LARGE' });
      const { kvs } = await client.kv.get(nameOf(100 * i), { rangeEnd: 'large0', limit: 400 });
      assert.is(kvs.length, 400);
      assertRange(kvs, 100 * i);
    }
  });

  test(`over ${transport.name}: a watch that gets much at once keeps it, while ranges come`, async () => {
    await using client = createClient({ endpoints: etcd.endpoint, transport });
    const seen: KeyValue[] = [];
    const watch = client.watch('large/', { prefix: true, startRevision: 1n });
    const ranges = Array.from({ length: 10 }, () => client.kv.get('large/', { prefix: true, limit: 1_000 }));
    for await (const { events } of watch) {
      seen.push(...events.map(({ kv }) => kv));
      if (seen.length >= KEYS) break;
    }
    for (const { kvs } of await Promise.all(ranges)) assertRange(kvs, 0);
    const sorted = seen.toSorted((a, b) => Buffer.compare(a.key, b.key));
    assert.is(sorted.length, KEYS);
    assertRange(sorted, 0);
  });
}

test.run();
