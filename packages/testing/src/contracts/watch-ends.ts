import type { EtcdOperations } from '@etcdts/core';
import { rejects } from '../eventually.ts';
import { assert, type Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';
import { readerOf, shown, take } from './watch-reading.ts';

/** Adds the tests of the ends of a watch: by cancel, break, abort or compaction, or because it cannot begin. */
export function watchEnds(test: Suite, client: () => EtcdOperations): void {
  test('cancel ends the iteration, may come twice, and leaves other watches alone (W-08)', async () => {
    const key = `${freshPrefix()}k`;
    const watch = client().watch(key);
    await using other = client().watch(key);
    await Promise.all([watch.created, other.created]);
    const reading = readerOf(watch).next();
    await watch.cancel();
    await watch.cancel();
    assert.is((await reading).done, true);
    await client().kv.put(key, 'v');
    assert.is(shown(await take(other, 1)), 'k=v');
  });

  test('a watch that is cancelled before it is created rejects created with CANCELLED (W-07)', async () => {
    const watch = client().watch(`${freshPrefix()}k`);
    await watch.cancel();
    await rejects(watch.created, { code: 'CANCELLED' });
    assert.is((await readerOf(watch).next()).done, true);
  });

  test('a watch right after the last one was cancelled works (W-09)', async () => {
    const key = `${freshPrefix()}k`;
    for (let i = 0; i < 20; i++) {
      const watch = client().watch(key);
      await watch.created;
      await client().kv.put(key, String(i));
      assert.is(shown(await take(watch, 1)), `k=${i}`);
      void watch.cancel();
    }
  });

  test('break cancels the watch (W-42)', async () => {
    const key = `${freshPrefix()}k`;
    const watch = client().watch(key);
    await watch.created;
    await client().kv.put(key, 'v');
    const reader = readerOf(watch);
    for await (const { events } of { [Symbol.asyncIterator]: () => reader }) {
      assert.is(events.length, 1);
      break;
    }
    assert.is((await reader.next()).done, true);
  });

  test('an abort throws the reason of the signal from the iteration (W-42)', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const watch = client().watch(`${freshPrefix()}k`, { signal: controller.signal });
    await watch.created;
    const reading = readerOf(watch).next();
    controller.abort(reason);
    assert.is(await rejects(reading), reason);
    assert.is((await readerOf(watch).next()).done, true);
  });

  test('a signal that is aborted already fails the watch (W-03)', async () => {
    const reason = new Error('too late');
    const watch = client().watch(`${freshPrefix()}k`, { signal: AbortSignal.abort(reason) });
    assert.is(await rejects(watch.created), reason);
    assert.is(await rejects(readerOf(watch).next()), reason);
  });

  test('timeoutMs is for the creation alone', async () => {
    const key = `${freshPrefix()}k`;
    await using watch = client().watch(key, { timeoutMs: 2_000 });
    await watch.created;
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await client().kv.put(key, 'v');
    assert.is(shown(await take(watch, 1)), 'k=v');
  });

  test('a compacted start ends the watch with COMPACTED and the first revision that is left (W-22)', async () => {
    const key = `${freshPrefix()}k`;
    const { kv } = client();
    const first = await kv.put(key, '1');
    await kv.put(key, '2');
    const third = await kv.put(key, '3');
    await kv.compact(third.header.revision);
    await using other = client().watch(key);
    await other.created;
    await using gone = client().watch(key, { startRevision: first.header.revision });
    await rejects(() => take(gone, 1), {
      code: 'COMPACTED',
      compactRevision: third.header.revision,
      outcome: 'not-applied',
    });
    assert.is((await readerOf(gone).next()).done, true);
    await using kept = client().watch(key, { startRevision: third.header.revision });
    assert.is(shown(await take(kept, 1)), 'k=3');
    await kv.put(key, '4');
    assert.is(shown(await take(other, 1)), 'k=4');
  });

  test('bad arguments are refused by name, before anything is sent (W-10, W-23)', () => {
    const { watcher } = client();
    for (const [argument, watch] of [
      ['key', () => watcher.watch('')],
      ['key', () => watcher.watch('\ud800')],
      ['rangeEnd', () => watcher.watch('b', { rangeEnd: 'a' })],
      ['startRevision', () => watcher.watch('k', { startRevision: -1 })],
      ['maxBufferedBytes', () => watcher.watch('k', { maxBufferedBytes: 0 })],
    ] as const) {
      try {
        watch();
      } catch (error) {
        assert.is((error as { argument?: string }).argument, argument);
        continue;
      }
      assert.unreachable(argument);
    }
  });
}
