import { cache, cached } from '@etcdts/cache';
import { createClient, op, type EtcdClient, type WatchResponse, type WatchStream } from '@etcdts/core';
import { tapStream, type Interceptor } from '@etcdts/core/plugin';
import { assert, eventually, isAtLeast, rejects, startEtcd, startProxy, suite, type EtcdServer } from '@etcdts/testing';
import { needBookmarks } from './bookmarks.ts';

const test = suite('watches of a copy', { timeoutMs: 20_000 });
let etcd: EtcdServer;
let client: EtcdClient;

test.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint });
});
test.after(async () => {
  await client?.close();
  await etcd?.close();
});

const prefix = { prefix: true } as const;

/** What a watch gives, as it comes. */
class Recorded {
  readonly responses: WatchResponse[] = [];
  ended = false;

  constructor(watch: WatchStream) {
    void this.#read(watch).finally(() => (this.ended = true));
  }

  get events(): string[] {
    return this.responses.flatMap(({ events }) => events.map(({ kv }) => `${kv.key.toString()}@${kv.modRevision}`));
  }

  async #read(watch: WatchStream): Promise<void> {
    for await (const response of watch) this.responses.push(response);
  }
}

test('CC-07 TestInit TestBroadcast TestAtomicOrdered TestCacheWatchAtomicOrderedDelivery: each watch gets each revision whole, once', async () => {
  await using copy = cache(client, 'all/');
  await copy.whenReady();
  const watches: { readonly from: bigint; readonly recorded: Recorded }[] = [];
  let last = 0n;
  for (let i = 0; i < 100; i++) {
    if (i % 10 === 0) {
      const watch = copy.watch('all/', prefix);
      watches.push({ from: (await watch.created).revision, recorded: new Recorded(watch) });
    }
    const { header } = await client.kv.txn({ then: [op.put('all/a', String(i)), op.put('all/b', String(i))] });
    last = header.revision;
  }
  for (const { from, recorded } of watches) {
    const expected = Array.from({ length: Number(last - from) }, (_, i) => from + 1n + BigInt(i));
    await eventually(() => recorded.events.length === expected.length * 2);
    assert.equal(
      recorded.events,
      expected.flatMap((revision) => [`all/a@${revision}`, `all/b@${revision}`]),
    );
    for (const { events } of recorded.responses) assert.is(events.length % 2, 0, 'a revision is split');
  }
});

test('CC-07 TestBroadcastBatching: what a reader has not read comes in few responses', async () => {
  await using copy = cache(client, 'batch/');
  await copy.whenReady();
  const watch = copy.watch('batch/', prefix);
  await watch.created;
  let last = 0n;
  for (let i = 0; i < 300; i++) last = (await client.kv.put('batch/a', String(i))).header.revision;
  await copy.whenAt(last);
  const recorded = new Recorded(watch);
  await eventually(() => recorded.events.length === 300);
  assert.is(recorded.responses.length, 1);
});

test('CC-07 CC-08 a reader that waits gets all that comes at once, also if that is longer than the history', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using cutOff = createClient({ endpoints: proxy.endpoint });
  await using copy = cache(cutOff, 'burst/', { history: 16 });
  await copy.whenReady();
  const watch = copy.watch('burst/', prefix);
  await watch.created;
  const recorded = new Recorded(watch);
  const changed: string[] = [];
  const reading = (async () => {
    for await (const change of copy.changes()) changed.push(change.type);
  })();
  proxy.refuse();
  proxy.cut();
  let last = 0n;
  for (let i = 0; i < 15; i++) {
    const puts = Array.from({ length: 100 }, () => client.kv.put('burst/a', String(i)));
    for (const { header } of await Promise.all(puts)) if (header.revision > last) last = header.revision;
  }
  await proxy.heal();
  await copy.whenAt(last, { timeoutMs: 15_000 });
  await eventually(() => recorded.events.length === 1_500);
  assert.is(copy.stats().history, 16);
  await eventually(() => changed.length > 0);
  await copy.close();
  await reading;
});

test('CC-08 a reader that does not wait while a burst longer than the history comes ends with COMPACTED, and skips nothing', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using cutOff = createClient({ endpoints: proxy.endpoint });
  await using copy = cache(cutOff, 'passed/', { history: 4 });
  await copy.whenReady();
  const watch = copy.watch('passed/', prefix);
  await watch.created;
  const reader = watch[Symbol.asyncIterator]();
  // It is up to date once, by a read that waits.
  const first = reader.next();
  await client.kv.put('passed/a', 'first');
  assert.is((await first).value?.events.length, 1);
  proxy.refuse();
  proxy.cut();
  let last = 0n;
  for (let i = 0; i < 40; i++) last = (await client.kv.put('passed/a', String(i))).header.revision;
  await proxy.heal();
  await copy.whenAt(last, { timeoutMs: 15_000 });
  await rejects(reader.next(), { code: 'COMPACTED' });
});

test('CC-07 a watch that is read before the copy is ready gives its notice first, then every event', async () => {
  await client.kv.put('unready/a', '0');
  await using copy = cache(client, 'unready/');
  const watch = copy.watch('unready/', { ...prefix, createdNotify: true });
  const recorded = new Recorded(watch);
  await watch.created;
  await client.kv.put('unready/a', '1');
  await client.kv.put('unready/a', '2');
  await eventually(() => recorded.events.length === 2);
  assert.equal(recorded.responses.map(({ created }) => created).slice(0, 2), [true, false]);
  await using other = cache(client, 'unready/');
  const early = other.watch('unready/', { ...prefix, startRevision: 1 });
  await client.kv.compact((await client.kv.get('unready/a')).header.revision);
  await rejects(early[Symbol.asyncIterator]().next(), { code: 'COMPACTED' });
});

test('CC-04 TestConditionalProgressRequestor: bookmarks are requested only while somebody waits for one', async ({
  skip,
}) => {
  needBookmarks(etcd, skip);
  let requests = 0;
  const counting: Interceptor = {
    name: 'counting',
    stream: (next) => (call) =>
      tapStream(next(call), {
        sent: (message) => {
          if ((message as { readonly type?: string }).type === 'progress') requests++;
        },
      }),
  };
  await using own = createClient({ endpoints: etcd.endpoint, interceptors: [counting] });
  await using copy = cache(own, 'quiet/');
  await copy.whenReady();
  const { header } = await client.kv.put('quiet/a', '1');
  await eventually(() => copy.revision >= header.revision);
  assert.is(requests, 0);
  const foreign = await client.kv.put('elsewhere', '1');
  await copy.whenAt(foreign.header.revision, { timeoutMs: 5_000 });
  assert.ok(requests > 0);
  const after = requests;
  // Nobody waits, for longer than the pause between two requests: writes and reads that the copy can answer bring no request.
  const begun = performance.now();
  while (performance.now() - begun < 300) {
    const written = await client.kv.put('quiet/a', '2');
    await eventually(() => copy.revision >= written.header.revision);
    await copy.get('quiet/a', { serializable: true });
  }
  assert.is(requests, after);
});

test('MI-02 CA-01 TestCacheWithoutPrefixWatch TestCacheWithoutPrefixGet: an empty prefix is a copy of every key', async () => {
  await client.kv.put(Buffer.from([0xff, 0x00]), 'last');
  await using copy = cache(client, '');
  await copy.whenReady();
  const watch = copy.watch('', prefix);
  const { revision } = await watch.created;
  const recorded = new Recorded(watch);
  await client.kv.put('\0', 'first');
  await client.kv.put('zzz', '1');
  await eventually(() => recorded.events.length === 2);
  assert.equal(recorded.events, [`\0@${revision + 1n}`, `zzz@${revision + 2n}`]);
  assert.is(copy.peek('zzz')?.text(), '1');
  assert.is(copy.peek(Buffer.from([0xff, 0x00]))?.text(), 'last');
  const { kvs } = await copy.get('', prefix);
  assert.equal([kvs[0]?.text(), kvs.at(-1)?.text()], ['first', 'last']);
  // TestIterationMethods, TestIterationEarlyStop
  const entries = copy.entries();
  assert.is(entries.next().value?.[0].toString(), '\0');
  await client.kv.delete('zzz');
  await eventually(() => copy.peek('zzz') === undefined);
  assert.ok(
    [...entries].some(([key]) => key.toString() === 'zzz'),
    'an iteration has the state of its begin',
  );
  for (const _ of copy.entries()) break;
});

test('CC-12 CA-02 pageSize and trustBookmarks have their effect', async () => {
  for (let i = 0; i < 10; i++) await client.kv.put(`options/${i}`, '');
  const limits: (number | undefined)[] = [];
  const own = client.intercept({
    name: 'limits',
    unary:
      (next, { name }) =>
      (call) => {
        if (name === 'Range') limits.push((call.request as { readonly limit?: number }).limit);
        return next(call);
      },
  });
  await using copy = cache(own, 'options/', { pageSize: 3, trustBookmarks: false });
  await copy.whenReady();
  // From 3.7 on a base is one stream (RangeStream).
  if (!isAtLeast(etcd.version, '3.7')) {
    assert.equal([...new Set(limits.filter((limit) => limit !== undefined && limit > 0))], [3], String(limits));
  }
  assert.is(copy.size, 10);
  const foreign = await client.kv.put('elsewhere', 'x');
  const limited = await copy
    .whenAt(foreign.header.revision, { timeoutMs: 400 })
    .catch((error: { code: string }) => error.code);
  assert.is(limited, 'DEADLINE_EXCEEDED', 'no bookmark counts');
});

test('CC-07 TestCacheRequestProgress: a progress request reaches the watches of a copy, behind their events', async ({
  skip,
}) => {
  needBookmarks(etcd, skip);
  const copied = cached(client, 'marks/');
  await copied.cache.whenReady();
  const watch = copied.watch('marks/', prefix);
  await watch.created;
  const recorded = new Recorded(watch);
  await client.kv.put('marks/a', '1');
  const { header } = await client.kv.put('elsewhere', 'y');
  await copied.watcher.requestProgress();
  await eventually(() => recorded.responses.some(({ progressNotify }) => progressNotify));
  assert.equal(
    recorded.responses.map(({ events, progressNotify }) => [events.length, progressNotify]),
    [
      [1, false],
      [0, true],
    ],
  );
  assert.ok((recorded.responses[1]?.header.revision ?? 0n) >= header.revision);
  await copied.close();
  await eventually(() => recorded.ended);
});

test('CC-07 TestBroadcastProgress: a copy that moves without events gives bookmarks to the watches that have chosen them', async ({
  skip,
}) => {
  needBookmarks(etcd, skip);
  await using copy = cache(client, 'progress/');
  await copy.whenReady();
  const { header } = await client.kv.put('progress/a', '1');
  await copy.whenAt(header.revision);
  const [plain, chosen, future] = [
    copy.watch('progress/', prefix),
    copy.watch('progress/', { ...prefix, progressNotify: true }),
    copy.watch('progress/', { ...prefix, progressNotify: true, startRevision: header.revision + 1_000n }),
  ] as const;
  await Promise.all([plain.created, chosen.created, future.created]);
  const [quiet, marked, waiting] = [new Recorded(plain), new Recorded(chosen), new Recorded(future)];
  let last = 0n;
  for (let i = 0; i < 3; i++) {
    last = (await client.kv.put('elsewhere', String(i))).header.revision;
    await copy.whenAt(last);
  }
  await eventually(() => marked.responses.some(({ header: { revision } }) => revision >= last));
  const marks = marked.responses.map(({ header: { revision } }) => revision);
  assert.equal(
    marks,
    [...new Set(marks)].sort((a, b) => Number(a - b)),
    'each bookmark moves on',
  );
  assert.ok(marked.responses.every(({ events, progressNotify }) => events.length === 0 && progressNotify));
  // It has to be chosen, as on etcd, and none comes before the first revision of a watch.
  assert.equal([quiet.responses.length, waiting.responses.length], [0, 0]);
});

test('CC-07 TestBroadcastProgressTo: a requested bookmark comes once, to each watch that it covers, behind its events', async ({
  skip,
}) => {
  needBookmarks(etcd, skip);
  const copied = cached(client, 'to/');
  await copied.cache.whenReady();
  const { header } = await client.kv.put('to/begin', '1');
  await copied.cache.whenAt(header.revision);
  const [read, slow, future] = [
    copied.watch('to/', prefix),
    copied.watch('to/', prefix),
    copied.watch('to/', { ...prefix, startRevision: header.revision + 1_000n }),
  ] as const;
  await Promise.all([read.created, slow.created, future.created]);
  const [one, none] = [new Recorded(read), new Recorded(future)];
  for (let i = 0; i < 5; i++) await client.kv.put('to/a', String(i));
  const at = (await client.kv.put('elsewhere', '1')).header.revision;
  await copied.watcher.requestProgress();
  await eventually(() => one.responses.at(-1)?.progressNotify === true);
  assert.is(one.responses.filter(({ progressNotify }) => progressNotify).length, 1);
  assert.ok((one.responses.at(-1)?.header.revision ?? 0n) >= at);
  assert.is(one.events.length, 5);
  // The one that was not read has its events first, and then the bookmark.
  const behind = new Recorded(slow);
  await eventually(() => behind.responses.length === 2);
  assert.equal(
    behind.responses.map(({ events, progressNotify }) => [events.length, progressNotify]),
    [
      [5, false],
      [0, true],
    ],
  );
  assert.is(none.responses.length, 0);
  await copied.close();
  await eventually(() => one.ended && behind.ended && none.ended);
});

test('CC-07 what a reader does to its events harms neither the copy nor, through cached, other readers', async () => {
  await using copy = cache(client, 'bytes/');
  const copied = cached(client, 'bytes/');
  await Promise.all([copy.whenReady(), copied.cache.whenReady()]);
  const watches = [copy.watch('bytes/a'), copied.watch('bytes/a'), copied.watch('bytes/a')] as const;
  await Promise.all(watches.map((watch) => watch.created));
  const { header } = await client.kv.put('bytes/a', 'whole');
  await Promise.all([copy.whenAt(header.revision), copied.cache.whenAt(header.revision)]);
  const texts: (string | undefined)[] = [];
  for (const watch of watches) {
    const kv = (await watch[Symbol.asyncIterator]().next()).value?.events[0]?.kv;
    texts.push(kv?.text());
    kv?.value.fill('x');
    kv?.key.fill('x');
  }
  assert.equal(texts, ['whole', 'whole', 'whole']);
  assert.is(copy.peek('bytes/a')?.text(), 'whole');
  assert.is((await copied.kv.get('bytes/a', { serializable: true })).kvs[0]?.text(), 'whole');
  await copied.close();
});

test.run();
