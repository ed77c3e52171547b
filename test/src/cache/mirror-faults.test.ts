// limit: 1800 s
// MIRROR_KEYS=100000 node test/dist/cache/mirror-faults.test.js is the long run. MIRROR_SEED repeats one.
import { createClient, op, type EtcdClient } from '@etcdts/core';
import { assert, eventually, seeded, startEtcd, startProxy, suite } from '@etcdts/testing';

import { contentOf, MirrorRun } from './mirror-run.ts';

const keys = Number(process.env['MIRROR_KEYS'] ?? 2_000);
const seed = Number(process.env['MIRROR_SEED'] ?? Date.now() % 1_000_000);
const test = suite(`mirror under faults, seed ${seed}`, { timeoutMs: 1_700_000 });
const PER_TXN = 100;
const name = (i: number): string => `m/${String(i).padStart(7, '0')}`;

/** Repeats a write until it is answered. What was lost on the way is not compared with, but the source itself. */
async function surely<T>(write: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Compares both sides, and returns how many keys they have. */
async function assertEqual(source: EtcdClient, target: EtcdClient): Promise<number> {
  const [here, there] = [await contentOf(source, 'm/'), await contentOf(target, 'copy/')];
  assert.is(there.size, here.size);
  for (const [key, one] of here) assert.ok(there.get(key)?.value.equals(one.value), `${key} differs`);
  return here.size;
}

test(`MR-01 MR-02 MR-03 MR-04 MR-06 a mirror of ${keys} keys, under kills of both sides, cuts, compactions and stops, ends equal`, async () => {
  const random = seeded(seed);
  await using sourceEtcd = await startEtcd();
  await using targetEtcd = await startEtcd();
  await using sourceProxy = await startProxy(sourceEtcd.endpoint);
  await using targetProxy = await startProxy(targetEtcd.endpoint);
  await using writer = createClient({ endpoints: sourceEtcd.endpoint });
  await using reader = createClient({ endpoints: targetEtcd.endpoint });
  await using source = createClient({ endpoints: sourceProxy.endpoint });
  await using target = createClient({ endpoints: targetProxy.endpoint });
  for (let i = 0; i < keys; i += PER_TXN)
    await writer.kv.txn({
      then: Array.from({ length: Math.min(PER_TXN, keys - i) }, (_, n) => op.put(name(i + n), '0')),
    });

  const options = { prefix: 'm/', targetPrefix: 'copy/', checkpoint: 'checkpoints/m' };
  let run = new MirrorRun(source, target, options);
  const faults = { sourceKills: 0, targetKills: 0, cuts: 0, compactions: 0, stops: 0 };
  const starts: number[] = [];
  let working = true;
  const writing = (async () => {
    for (let i = 1; working; i++) {
      const key = name(Math.floor(random() * keys * 1.1));
      const dice = random();
      await surely(async () => {
        if (dice < 0.6) await writer.kv.put(key, String(i));
        else if (dice < 0.8) await writer.kv.delete(key);
        else if (dice < 0.82) await writer.kv.delete(key.slice(0, -1), { prefix: true });
        else {
          const some = Array.from({ length: 1 + Math.floor(random() * 12) }, (_, n) =>
            op.put(name(i * 7 + n), String(i)),
          );
          await writer.kv.txn({ then: some });
        }
      });
      await new Promise((resolve) => setTimeout(resolve, random() * 4));
    }
  })();
  // Each fault comes when the mirror has moved, so that it hits one that works.
  const rounds = keys > 10_000 ? 60 : 16;
  for (let i = 0; i < rounds; i++) {
    const before = run.last?.transactions ?? 0;
    await eventually(() => (run.last?.transactions ?? 0) > before + Math.floor(random() * 20), { timeoutMs: 120_000 });
    const dice = i % 8;
    if (dice === 1) {
      faults.sourceKills += 1;
      await sourceEtcd.member.restart();
    } else if (dice === 3) {
      faults.targetKills += 1;
      await targetEtcd.member.restart();
    } else if (dice === 5) {
      // It has missed what is compacted then.
      faults.compactions += 1;
      sourceProxy.refuse();
      sourceProxy.cut();
      const { header } = await surely(() => writer.kv.delete(name(i)));
      await surely(() => writer.kv.put(name(i + 1), 'compacted next'));
      await writer.kv.compact(header.revision + 1n).catch(() => {});
      await sourceProxy.heal();
    } else if (dice === 7) {
      faults.stops += 1;
      starts.push(run.last?.restarts ?? 0);
      assert.is(((await run.stop()) as Error).message, 'stopped');
      for (let n = 0; n < 5; n++) await surely(() => writer.kv.put(name(n), `stopped ${i}`));
      run = new MirrorRun(source, target, options);
    } else {
      faults.cuts += 1;
      (random() < 0.5 ? sourceProxy : targetProxy).cut();
    }
  }
  working = false;
  await writing;
  const { header } = await writer.kv.put(name(0), 'the end');
  await eventually(() => run.has(header.revision), { timeoutMs: 300_000, describe: 'the mirror has the last write' });
  const size = await assertEqual(writer, reader);
  const { written = 0, transactions = 0, restarts = 0 } = run.last ?? {};
  const restarted = starts.reduce((sum, count) => sum + count, restarts);
  assert.is(((await run.stop()) as Error).message, 'stopped');
  console.log(
    `${size} keys at source revision ${header.revision}; ${JSON.stringify(faults)}; ` +
      `${restarted} bases read again; the last run wrote ${written} keys in ${transactions} transactions`,
  );
  assert.ok(restarted > 0, 'no compaction was missed');
});

test.run();
