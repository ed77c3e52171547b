import type { EtcdOperations } from '@etcdts/core';
import { assert, type Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';
import { readerOf, shown, take, takeResponses } from './watch-reading.ts';

/** Adds the tests of the revision at which a watch starts, of its order, and of its bookmarks. */
export function watchRevisions(test: Suite, client: () => EtcdOperations): void {
  test('what is written after created resolves is seen, at a later revision (W-17, W-20)', async () => {
    const key = `${freshPrefix()}k`;
    const { kv } = client();
    await kv.put(key, 'before');
    await using watch = client().watch(key);
    const { revision, clusterId } = await watch.created;
    const after = await kv.put(key, 'after');
    const [response] = await takeResponses(watch, 1);
    assert.is(shown(response?.events ?? []), 'k=after');
    assert.ok(revision < after.header.revision);
    assert.is(response?.header.clusterId, clusterId);
    assert.is(await watch.created, await watch.created);
  });

  test('startRevision replays the past in order, then goes on (W-16, W-19)', async () => {
    const prefix = freshPrefix();
    const { kv } = client();
    const first = await kv.put(`${prefix}a`, '1');
    await kv.put(`${prefix}a`, '2');
    await kv.delete(prefix, { prefix: true });
    await kv.put(`${prefix}b`, '3');
    await using watch = client().watch(prefix, { prefix: true, startRevision: first.header.revision });
    await using later = client().watch(prefix, { prefix: true, startRevision: first.header.revision + 2n });
    await Promise.all([watch.created, later.created]);
    await kv.put(`${prefix}c`, '4');
    const events = await take(watch, 5);
    assert.is(shown(events), 'a=1 a=2 -a b=3 c=4');
    assert.is(shown(await take(later, 3)), '-a b=3 c=4');
    const revisions = events.map((event) => event.kv.modRevision);
    assert.equal(
      revisions,
      revisions.toSorted((a, b) => Number(a - b)),
    );
  });

  test(
    '2,501 revisions of the past are delivered once each, in order (W-16)',
    async () => {
      const key = `${freshPrefix()}k`;
      const { kv } = client();
      const first = await kv.put(key, '0');
      for (let from = 1; from <= 2_500; from += 100) {
        await Promise.all(Array.from({ length: 100 }, () => kv.put(key, 'v')));
      }
      await using watch = client().watch(key, { startRevision: first.header.revision });
      const events = await take(watch, 2_501);
      assert.is(events.length, 2_501);
      assert.is(
        events.findIndex((event, i) => event.kv.version !== i + 1),
        -1,
      );
    },
    { timeoutMs: 30_000 },
  );

  test('a start in the future skips what comes before it (W-21)', async () => {
    const key = `${freshPrefix()}k`;
    const { kv } = client();
    const now = await kv.put(key, '0');
    await using watch = client().watch(key, { startRevision: now.header.revision + 3n });
    await watch.created;
    for (const value of ['1', '2', '3', '4']) await kv.put(key, value);
    assert.is(shown(await take(watch, 2)), 'k=3 k=4');
  });

  test('OPT-17 createdNotify delivers the creation first, and once (W-17)', async () => {
    const key = `${freshPrefix()}k`;
    await using watch = client().watch(key, { createdNotify: true });
    const header = await watch.created;
    await client().kv.put(key, 'v');
    const responses = await takeResponses(watch, 1);
    assert.equal(
      responses.map(({ created, events, progressNotify }) => [created, events.length, progressNotify]),
      [
        [true, 0, false],
        [false, 1, false],
      ],
    );
    assert.is(responses[0]?.header.revision, header.revision);
  });

  test('a requested bookmark comes behind the events that precede it (W-13, W-39, W-40)', async () => {
    const key = `${freshPrefix()}k`;
    // Metadata of its own give the watch a stream of its own, on which no watch of another test delays the answer.
    const options = { metadata: { contract: freshPrefix() } };
    await using watch = client().watch(key, options);
    await watch.created;
    const { header } = await client().kv.put(key, 'v');
    await client().watcher.requestProgress(options);
    const iterator = readerOf(watch);
    const first = (await iterator.next()).value;
    assert.equal([first?.events.length, first?.progressNotify], [1, false]);
    const second = (await iterator.next()).value;
    assert.equal([second?.events.length, second?.progressNotify, second?.created], [0, true, false]);
    assert.ok(second !== undefined && second.header.revision >= header.revision);
  });

  test('OPT-19 a response of many fragments arrives whole (W-33)', async () => {
    const prefix = freshPrefix();
    const { kv } = client();
    const value = Buffer.alloc(200_000, 7);
    const first = await kv.put(`${prefix}0`, value);
    for (let i = 1; i < 20; i++) await kv.put(`${prefix}${i}`, value);
    for (const fragment of [true, false]) {
      await using watch = client().watch(prefix, { prefix: true, startRevision: first.header.revision, fragment });
      const responses = await takeResponses(watch, 20);
      assert.is(responses.length, 1);
      assert.ok(responses[0]?.events.every((event) => event.kv.value.equals(value)));
    }
  });

  test('a reader that falls far behind gets everything, once and in order (W-12)', async () => {
    const key = `${freshPrefix()}k`;
    const { kv } = client();
    await using slow = client().watch(key, { maxBufferedBytes: 50_000 });
    await using quick = client().watch(key);
    await Promise.all([slow.created, quick.created]);
    const value = Buffer.alloc(10_000, 1);
    for (let i = 0; i < 60; i++) await kv.put(key, value);
    const versions = Array.from({ length: 60 }, (_, i) => i + 1);
    assert.equal(
      (await take(quick, 60)).map((event) => event.kv.version),
      versions,
    );
    assert.equal(
      (await take(slow, 60)).map((event) => event.kv.version),
      versions,
    );
  });
}
