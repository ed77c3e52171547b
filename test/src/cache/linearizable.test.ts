// limit: 900 s
// CACHE_SECONDS=300 node test/dist/cache/linearizable.test.js is the long run.
import { cached, type CachedClient } from '@etcdts/cache';
import { createClient, type EtcdClient } from '@etcdts/core';
import { assert, seeded, startCluster, startProxy, suite } from '@etcdts/testing';

const seconds = Number(process.env['CACHE_SECONDS'] ?? 8);
const seed = Number(process.env['CACHE_SEED'] ?? Date.now() % 1_000_000);
const test = suite(`reads through copies, seed ${seed}`, { timeoutMs: 60_000 + seconds * 2_000 });
const WORKERS = 8;
const KEYS = 5;

/** A write or read of one key that has ended, with the revision of the key that it made or saw. */
interface Operation {
  readonly begin: number;
  readonly end: number;
  readonly revision: bigint;
}

/**
 * The operations on one key, in the order in which they ended. etcd's revisions order its writes, so that a history is linearizable if
 * no operation shows an older revision than one that had ended before it began, and no read shows a write that began after it ended.
 */
class KeyHistory {
  readonly reads: Operation[] = [];
  readonly #ended: { readonly end: number; readonly newest: bigint }[] = [];
  readonly #written: Map<bigint, number> = new Map();
  /** When writes of values began, whatever became of them. */
  readonly begun: Map<string, number> = new Map();

  wrote(operation: Operation): void {
    this.#written.set(operation.revision, operation.begin);
    this.#add(operation);
  }

  /** Checks a read, and adds it. */
  read(operation: Operation, value: string | undefined): string | undefined {
    const before = this.#newestBefore(operation.begin);
    const began = value === undefined ? 0 : this.begun.get(value);
    this.reads.push(operation);
    this.#add(operation);
    if (operation.revision < before) return `revision ${operation.revision} was read, though ${before} was seen before`;
    if (began === undefined || began > operation.end) return `a value was read before it was written`;
    return undefined;
  }

  #add({ end, revision }: Operation): void {
    const newest = this.#ended.at(-1)?.newest ?? 0n;
    this.#ended.push({ end, newest: revision > newest ? revision : newest });
  }

  #newestBefore(time: number): bigint {
    let [low, high] = [0, this.#ended.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ended[middle]?.end as number) < time) low = middle + 1;
      else high = middle;
    }
    return this.#ended[low - 1]?.newest ?? 0n;
  }
}

test(`CC-04 reads of ${WORKERS} copies under ${WORKERS} writers, cuts and killed members are linearizable`, async () => {
  const random = seeded(seed);
  await using cluster = await startCluster();
  const proxies = await Promise.all(cluster.members.map((member) => startProxy(member.endpoint)));
  const writers: EtcdClient[] = Array.from({ length: WORKERS }, () => createClient({ endpoints: cluster.endpoints }));
  const readers: EtcdClient[] = Array.from({ length: WORKERS }, () =>
    createClient({ endpoints: proxies.map(({ endpoint }) => endpoint) }),
  );
  const copies: CachedClient[] = readers.map((client) => cached(client, 'linear/'));
  await Promise.all(copies.map(({ cache }) => cache.whenReady()));
  const histories = Array.from({ length: KEYS }, () => new KeyHistory());
  const faults: string[] = [];
  const over = performance.now() + seconds * 1_000;
  // A slow machine takes longer for what is the least that shows something.
  const latest = over + 40_000;
  const reads = (): number => histories.reduce((sum, history) => sum + history.reads.length, 0);
  const tooFew = (): boolean => reads() < seconds * 100 || writes < seconds * 50;
  const goesOn = (): boolean => performance.now() < (tooFew() ? latest : over);
  let writes = 0;
  let local = 0;
  let failed = 0;
  const pick = (): number => Math.floor(random() * KEYS);

  const write = async (client: EtcdClient, id: number): Promise<void> => {
    for (let i = 0; goesOn(); i++) {
      const key = pick();
      const history = histories[key] as KeyHistory;
      const value = `${id}/${i}`;
      const begin = performance.now();
      history.begun.set(value, begin);
      try {
        const { header } = await client.kv.put(`linear/${key}`, value, { timeoutMs: 2_000 });
        history.wrote({ begin, end: performance.now(), revision: header.revision });
        writes += 1;
        // A write elsewhere moves the revision, so that readers need bookmarks.
        if (random() < 0.3) await client.kv.put('elsewhere', value, { timeoutMs: 2_000 });
      } catch {
        failed += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 4));
    }
  };
  const read = async ({ kv, cache }: CachedClient): Promise<void> => {
    while (goesOn()) {
      const key = pick();
      const begin = performance.now();
      try {
        const { kvs } = await kv.get(`linear/${key}`, { timeoutMs: 5_000 });
        const end = performance.now();
        const revision = kvs[0]?.modRevision ?? 0n;
        const fault = (histories[key] as KeyHistory).read({ begin, end, revision }, kvs[0]?.text());
        if (fault !== undefined) faults.push(fault);
        // `peek` is never newer than the copy says.
        const peeked = cache.peek(`linear/${key}`);
        if (peeked !== undefined && peeked.modRevision > cache.revision)
          faults.push('peek is newer than the copy says');
        if (cache.ready) local += 1;
      } catch {
        failed += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 2));
    }
  };
  const disturb = async (): Promise<void> => {
    for (let i = 0; performance.now() < over - 2_000; i++) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      proxies[Math.floor(random() * 3)]?.cut();
      if (i % 5 === 2) await cluster.members[Math.floor(random() * 3)]?.restart({ waitHealthy: false });
    }
  };
  try {
    await Promise.all([
      ...writers.map((client, id) => write(client, id)),
      ...copies.map((client) => read(client)),
      disturb(),
    ]);
  } finally {
    await Promise.all([...writers, ...readers].map((client) => client.close()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }
  console.log(`${writes} writes, ${reads()} reads, ${local} of them while the copy was ready, ${failed} failed calls`);
  assert.equal(faults, []);
  assert.is(tooFew(), false, `${reads()} reads, ${writes} writes`);
});

test.run();
