// limit: 1800 s
// CACHE_OPERATIONS=200000 node test/dist/cache/model.test.js is the long run. CACHE_SEED repeats one.
import { cache, type Cache } from '@etcdts/cache';
import { createClient, isEtcdError } from '@etcdts/core';
import { assert, eventually, seeded, startEtcd, startProxy, suite } from '@etcdts/testing';
import { needBookmarks } from './bookmarks.ts';
import { Model, ModelState, textOf } from './model.ts';

const operations = Number(process.env['CACHE_OPERATIONS'] ?? 3_000);
const seed = Number(process.env['CACHE_SEED'] ?? Date.now() % 1_000_000);
const test = suite(`model of a copy, seed ${seed}`, { timeoutMs: 1_700_000 });
const prefix = 'model/';

/** Applies the changes of a copy to a map, and checks each against it: nothing is lost, nothing comes twice. */
async function replay(
  copy: Cache,
  state: Map<string, string>,
  resyncs: bigint[],
  pause: () => Promise<void>,
): Promise<void> {
  for await (const change of copy.changes({ initial: true })) {
    await pause();
    if (change.type === 'resynced') {
      resyncs.push(change.revision);
      continue;
    }
    const key = change.key.toString();
    const known = state.get(key);
    if (change.type === 'added') assert.is(known, undefined, `${key} is added twice`);
    else assert.is(change.old.text(), known, `a change of ${key} was lost`);
    if (change.type === 'deleted') state.delete(key);
    else state.set(key, change.value.text());
  }
}

/** Applies the events of a watch to a map. Each revision must be whole, as the model has it, unless a new base came between. */
async function watched(
  copy: Cache,
  model: Model,
  state: Map<string, string>,
  resyncs: readonly bigint[],
): Promise<string> {
  const watch = copy.watch(prefix, { prefix: true });
  let revision = 0n;
  try {
    await watch.created;
    for await (const { events } of watch) {
      const revisions = new Map<bigint, Map<string, string | undefined>>();
      for (const { type, kv } of events) {
        const deltas = revisions.get(kv.modRevision) ?? new Map<string, string | undefined>();
        revisions.set(kv.modRevision, deltas.set(kv.key.toString(), type === 'put' ? kv.text() : undefined));
      }
      for (const [at, deltas] of revisions) {
        assert.ok(at > revision, `revision ${at} after ${revision}`);
        revision = at;
        await eventually(() => model.revision >= at);
        const expected = model.revisions.get(at) ?? new Map();
        const same = deltas.size === expected.size && [...deltas].every(([key, value]) => expected.get(key) === value);
        // A new base stands for revisions that are not known one by one.
        const netted = (): boolean => resyncs.some((resync, i) => i > 0 && resync >= at);
        if (!same) await eventually(netted, { describe: `revision ${at} is what was written` });
        for (const [key, value] of deltas) {
          if (value === undefined) state.delete(key);
          else state.set(key, value);
        }
      }
    }
    return 'done';
  } catch (error) {
    if (isEtcdError(error)) return error.code;
    throw error;
  }
}

test(`CC-02 CC-03 CC-10 CC-11 after ${operations} random writes, compactions, cuts and restarts, the copy is etcd at its revision`, async ({
  skip,
}) => {
  const random = seeded(seed);
  await using etcd = await startEtcd();
  needBookmarks(etcd, skip);
  await using proxy = await startProxy(etcd.endpoint);
  await using writer = createClient({ endpoints: etcd.endpoint });
  await using cutOff = createClient({ endpoints: proxy.endpoint });
  const model = new Model(writer, prefix, random);
  await model.write();
  const expected = new ModelState(model);
  const copy = cache(cutOff, prefix, { history: 256 });
  await copy.whenReady();
  let bases = 0;
  const [quick, slow, seen] = [new Map<string, string>(), new Map<string, string>(), expected.at(copy.revision)];
  const followed = new Map(seen);
  const resyncs: bigint[] = [];
  const overtaken: bigint[] = [];
  const reading = replay(copy, quick, resyncs, async () => {});
  const lagging = replay(
    copy,
    slow,
    overtaken,
    () => new Promise((resolve) => setTimeout(resolve, random() < 0.02 ? 20 : 0)),
  );
  let watchEnd = 'open';
  const watching = watched(copy, model, followed, resyncs).then((ended) => (watchEnd = ended));
  let checks = 0;
  let pasts = 0;

  for (let i = 0; i < operations; i++) {
    const dice = random();
    if (dice < 0.002) proxy.cut();
    else if (dice < 0.003) {
      bases += 1;
      proxy.refuse();
      proxy.cut();
      for (let n = 0; n < 5; n++) await model.write();
      await writer.kv.compact(model.revision);
      await proxy.heal();
    } else if (dice < 0.0033) {
      await etcd.member.restart();
      await writer.ready();
    } else if (dice < 0.01) await writer.kv.compact(model.revision).catch(() => {});
    await model.write();
    if (i % 50 !== 0) continue;
    // Whatever revision the copy is at, it is etcd's state at it.
    const at = copy.revision;
    const entries = new Map([...copy.entries()].map(([key, kv]) => [key.toString(), kv.text()]));
    if (!copy.ready) continue;
    assert.is(textOf(entries), textOf(expected.at(at)), `at revision ${at}`);
    checks += 1;
    const past = at - BigInt(Math.floor(random() * 100));
    if (past < 1n) continue;
    const answer = await copy
      .get(prefix, { prefix: true, serializable: true, revision: past })
      .catch((error: unknown) => (isEtcdError(error, 'COMPACTED') ? undefined : Promise.reject(error as Error)));
    if (answer === undefined) continue;
    pasts += 1;
    assert.is(
      textOf(new Map(answer.kvs.map((kv) => [kv.key.toString(), kv.text()]))),
      textOf(stateAt(model, past)),
      `the history at revision ${past}`,
    );
  }
  await copy.whenAt(model.revision, { timeoutMs: 60_000 });
  const end = textOf(model.current);
  const whole = new Map([...copy.entries()].map(([key, kv]) => [key.toString(), kv.text()]));
  assert.is(textOf(whole), end);
  await eventually(() => textOf(quick) === end && textOf(slow) === end, { timeoutMs: 120_000 });
  await eventually(() => textOf(followed) === end, { timeoutMs: 10_000, describe: () => `the watch is ${watchEnd}` });
  await copy.close();
  await Promise.all([reading, lagging, watching]);
  assert.is(watchEnd, 'done');
  console.log(
    `${operations} operations, ${checks} states and ${pasts} past ones compared, ${bases} cuts with a compaction, ` +
      `${resyncs.length} and ${overtaken.length} resyncs`,
  );
  assert.ok(checks > operations / 200, `${checks} checks`);
});

/** The state of the model at a past revision. */
function stateAt(model: Model, revision: bigint): Map<string, string> {
  return new ModelState(model).at(revision);
}

test.run();
