import { auth } from '@etcdts/auth';
import { cache, cached, json, type CacheChange, type StandardSchema } from '@etcdts/cache';
import { createClient, op, type EtcdClient, type WatchEvent, type WatchResponse } from '@etcdts/core';
import { withNamespace } from '@etcdts/namespace';
import { assert, rejects, startEtcd, startProxy, suite, type EtcdServer } from '@etcdts/testing';
import { app, startAuthEtcd } from '../auth/auth-etcd.ts';
import { needBookmarks } from './bookmarks.ts';

const test = suite('cache', { timeoutMs: 20_000 });
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
const put = async (key: string, value = ''): Promise<bigint> => (await client.kv.put(key, value)).header.revision;
const shown = (events: readonly WatchEvent[]): string =>
  events
    .map(({ type, kv }) => (type === 'put' ? `${kv.key.toString()}=${kv.text()}` : `-${kv.key.toString()}`))
    .join(' ');

/** The next response of a watch. */
async function next(reader: AsyncIterator<WatchResponse>): Promise<WatchResponse> {
  const { value, done } = await reader.next();
  assert.not.ok(done, 'the watch has ended');
  return value as WatchResponse;
}

/** Clients that count their reads of etcd. */
class Counting {
  ranges = 0;
  readonly client: EtcdClient = client.intercept({
    name: 'counting',
    unary: (next, { name }) => (name === 'Range' ? (call) => (this.ranges++, next(call)) : next),
  });
}

test('CC-01 CA-01 CA-03 a copy is ready after its first base; before that it has nothing to read, and says so', async () => {
  await put('first/a', '1');
  await put('first/b', '2');
  await using copy = cache(client, 'first/');
  assert.not.ok(copy.ready);
  await rejects(async () => copy.peek('first/a'), { code: 'CACHE_NOT_READY' });
  await rejects(async () => copy.entries(), { code: 'CACHE_NOT_READY' });
  assert.is((await copy.get('first/a')).kvs[0]?.text(), '1', 'a read goes to etcd meanwhile');
  await copy.whenReady();
  assert.ok(copy.ready);
  assert.is(copy.size, 2);
  assert.is(copy.peek('first/a')?.text(), '1');
  assert.is(copy.peek('first/none'), undefined);
  assert.equal(
    [...copy.entries()].map(([key]) => key.toString()),
    ['first/a', 'first/b'],
  );
  assert.equal([...copy.entries('first/b', prefix)].length, 1);
});

test('CC-01 TestWaitTillRevision: whenAt waits for the revision of a write, of any key', async ({ skip }) => {
  needBookmarks(etcd, skip);
  await using copy = cache(client, 'at/');
  await copy.whenReady();
  const own = await put('at/a', '1');
  await copy.whenAt(own);
  assert.is(copy.peek('at/a')?.text(), '1');
  // TestWaitTillRevisionTriggersProgressRequests: no event of the copy leads to this one, only a requested bookmark.
  const foreign = await put('elsewhere', '1');
  await copy.whenAt(foreign, { timeoutMs: 5_000 });
  assert.ok(copy.revision >= foreign);
  await rejects(copy.whenAt(foreign + 1_000n, { timeoutMs: 300 }), { code: 'DEADLINE_EXCEEDED' });
  const reason = new Error('enough');
  assert.is(await rejects(copy.whenAt(foreign + 1_000n, { signal: AbortSignal.abort(reason) })), reason);
});

test('CC-02 CC-07 CA-10 TestCacheCompactionResync: after a compaction, watches and changes get what it amounts to', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using cutOff = createClient({ endpoints: proxy.endpoint });
  for (const name of ['a', 'b', 'c']) await put(`resync/${name}`, '1');
  await using copy = cache(cutOff, 'resync/');
  await copy.whenReady();
  const watch = copy.watch('resync/', { ...prefix, prevKv: true });
  await watch.created;
  const events = watch[Symbol.asyncIterator]();
  const changes = copy.changes()[Symbol.asyncIterator]();
  await put('resync/a', '2');
  assert.is(shown((await events.next()).value?.events ?? []), 'resync/a=2');
  assert.is((await changes.next()).value?.type, 'changed');

  proxy.refuse();
  proxy.cut();
  await client.kv.delete('resync/b');
  await put('resync/a', '3');
  await put('resync/a', '4');
  const last = await put('resync/d', '1');
  await client.kv.compact(last, { physical: true });
  await proxy.heal();
  const response = await next(events);
  assert.is(shown(response.events), 'resync/a=4 -resync/b resync/d=1');
  assert.equal(
    response.events.map(({ prevKv }) => prevKv?.text()),
    ['2', '1', undefined],
  );
  assert.ok(response.events.every(({ kv }) => kv.modRevision > 0n));
  const seen: (CacheChange<unknown> | undefined)[] = [];
  while (seen.at(-1)?.type !== 'resynced') seen.push((await changes.next()).value);
  assert.equal(
    seen.map((change) => change?.type),
    ['changed', 'deleted', 'added', 'resynced'],
  );
  assert.ok(copy.ready);
  // What lay between is not in the history, so that it gives nobody an older state for a newer revision.
  await rejects(copy.get('resync/a', { serializable: true, revision: last - 1n }), { code: 'COMPACTED' });
  const late = copy.watch('resync/', { ...prefix, startRevision: last - 1n });
  await rejects(late[Symbol.asyncIterator]().next(), { code: 'COMPACTED' });
  await events.return?.();
  await changes.return?.();
});

test(
  'CC-02 another store ends watches with CLUSTER_RESET; changes go on with the difference',
  async () => {
    await using own = await startEtcd();
    await using mine = createClient({ endpoints: own.endpoints });
    for (const name of ['a', 'b']) await mine.kv.put(`wiped/${name}`, 'old');
    await using copy = cache(mine, 'wiped/');
    await copy.whenReady();
    const watch = copy.watch('wiped/', prefix);
    await watch.created;
    const reader = watch[Symbol.asyncIterator]();
    const changes = copy.changes()[Symbol.asyncIterator]();
    await mine.kv.put('wiped/c', 'old');
    await Promise.all([changes.next(), reader.next()]);
    const ended = rejects(reader.next(), { code: 'CLUSTER_RESET' });
    await own.member.kill();
    own.member.wipe();
    await own.member.start();
    await ended;
    const seen: (string | undefined)[] = [];
    while (seen.at(-1) !== 'resynced') seen.push((await changes.next()).value?.type);
    assert.equal(seen, ['deleted', 'deleted', 'deleted', 'resynced']);
    await changes.return?.();
  },
  { timeoutMs: 60_000 },
);

test('CC-03 CA-05 TestStoreGet: a serializable read has the state at each revision of the history, and no other', async ({
  skip,
}) => {
  needBookmarks(etcd, skip);
  const base = await put('past/a', '0');
  await using copy = cache(client, 'past/', { history: 4 });
  await copy.whenReady();
  const revisions: bigint[] = [base];
  for (let i = 1; i <= 3; i++) revisions.push(await put('past/a', String(i)));
  // One message with several revisions is several states (#20582), and revisions of other keys change nothing.
  const elsewhere = await put('elsewhere', '');
  await copy.whenAt(elsewhere);
  const at = async (revision: bigint): Promise<string | undefined> =>
    (await copy.get('past/a', { serializable: true, revision })).kvs[0]?.text();
  for (const [i, revision] of revisions.entries()) assert.is(await at(revision), String(i));
  assert.is(await at(elsewhere), '3');
  await rejects(at(elsewhere + 100n), { code: 'FUTURE_REV' });
  await rejects(at(base - 1n), { code: 'COMPACTED' });
  for (let i = 4; i <= 8; i++) await put('past/a', String(i));
  await copy.whenAt(await put('past/a', '9'));
  await rejects(at(revisions[3] as bigint), { code: 'COMPACTED' });
  // A read that is not serializable goes to etcd, which has it.
  assert.is((await copy.get('past/a', { revision: base })).kvs[0]?.text(), '0');
});

test('CC-04 CA-04 TestCacheWithPrefixGetInScope a linearizable read has every write before it; reads that wait share one question', async ({
  skip,
}) => {
  needBookmarks(etcd, skip);
  const counts = new Counting();
  await using copy = cache(counts.client, 'linear/');
  await copy.whenReady();
  for (let i = 0; i < 50; i++) {
    await put('linear/a', String(i));
    assert.is((await copy.get('linear/a')).kvs[0]?.text(), String(i));
  }
  await put('elsewhere', 'again');
  counts.ranges = 0;
  await Promise.all(Array.from({ length: 200 }, () => copy.get('linear/a')));
  assert.ok(counts.ranges <= 2, `${counts.ranges} reads`);
  counts.ranges = 0;
  await Promise.all(Array.from({ length: 200 }, () => copy.get('linear/a', { serializable: true })));
  assert.is(counts.ranges, 0);
});

test('CC-05 where bookmarks do not count, a linearizable read that events do not settle goes to etcd', async () => {
  const tenant = withNamespace(client, 'tenant/');
  await using copy = cache(tenant, 'k/');
  await copy.whenReady();
  await tenant.kv.put('k/a', '1');
  await put('elsewhere', 'newer');
  const begun = performance.now();
  assert.is((await copy.get('k/a')).kvs[0]?.text(), '1');
  assert.ok(performance.now() - begun < 2_500, 'it does not wait for a bookmark that does not count');
  await using trusting = cache(tenant, 'k/', { trustBookmarks: true });
  await trusting.whenReady();
  await trusting.whenAt(await put('elsewhere', 'newest'), { timeoutMs: 5_000 });
});

test('CC-06 CA-06 CA-08 TestCacheUnsupportedGetOptions, TestCacheWithPrefixGetOutOfScope: what the copy cannot answer, etcd does', async () => {
  for (const name of ['a', 'b', 'c']) await put(`get/${name}`, name);
  await put('other', 'o');
  await using copy = cache(client, 'get/');
  await copy.whenReady();
  const names = async (...args: Parameters<typeof copy.get>): Promise<string> =>
    (await copy.get(...args)).kvs.map((kv) => kv.text()).join('');
  assert.is(await names('get/', prefix), 'abc');
  assert.is(await names('get/', { ...prefix, sort: { by: 'key', order: 'descend' } }), 'cba');
  assert.is(await names('get/', { ...prefix, limit: 2 }), 'ab');
  assert.is(await names('get/', { ...prefix, minModRevision: 1 }), 'abc');
  assert.is(await names('other'), 'o');
  assert.is(await names('get/b', { fromKey: true, limit: 1 }), 'b');
  assert.is((await copy.get('get/', { ...prefix, countOnly: true })).count, 3);
  assert.is((await copy.get('get/', { ...prefix, keysOnly: true })).kvs[0]?.value.length, 0);
});

test('CC-07 CA-07 TestCacheUnsupportedWatchOptions TestCacheWithProgressNotify TestCacheWithPrefixWatch: watches start in the history, with filters, prevKv and notices; headers are whole', async ({
  skip,
}) => {
  needBookmarks(etcd, skip);
  await put('watch/a', '0');
  await using copy = cache(client, 'watch/');
  await copy.whenReady();
  const first = await put('watch/a', '1');
  await client.kv.txn({ then: [op.put('watch/a', '2'), op.put('watch/b', '1')] });
  await client.kv.delete('watch/a');
  await using past = copy.watch('watch/', { ...prefix, startRevision: first, prevKv: true, createdNotify: true });
  await using puts = copy.watch('watch/', { ...prefix, startRevision: first, filters: ['delete'] });
  const reader = past[Symbol.asyncIterator]();
  assert.ok((await reader.next()).value?.created);
  const response = await next(reader);
  assert.is(shown(response.events), 'watch/a=1 watch/a=2 watch/b=1 -watch/a');
  assert.equal(
    response.events.map(({ prevKv }) => prevKv?.text()),
    ['0', '1', undefined, '2'],
  );
  // TestCacheInvalidWatchResponseHasHeader, TestWatcherCompactResponseHasHeader
  assert.ok(response.header.clusterId !== 0n && response.header.memberId !== 0n);
  assert.is(shown((await puts[Symbol.asyncIterator]().next()).value?.events ?? []), 'watch/a=1 watch/a=2 watch/b=1');
  // TestValidateWatchRange: a range outside of the prefix is watched on etcd.
  await using outside = copy.watch('elsewhere');
  await outside.created;
  await put('elsewhere', 'seen');
  assert.is(shown((await outside[Symbol.asyncIterator]().next()).value?.events ?? []), 'elsewhere=seen');
  await using old = copy.watch('watch/', { ...prefix, startRevision: 1 });
  const error = await rejects<{ compactRevision: bigint }>(old[Symbol.asyncIterator]().next(), { code: 'COMPACTED' });
  assert.ok(error.compactRevision <= first);
  // TestCacheWatchProgressNotify, TestCacheServerRequestProgress
  await using marked = copy.watch('watch/', { ...prefix, progressNotify: true });
  await marked.created;
  const foreign = await put('elsewhere', 'later');
  const reached = copy.whenAt(foreign);
  for await (const { header, events, progressNotify } of marked) {
    assert.equal([events.length, progressNotify], [0, true]);
    if (header.revision >= foreign) break;
  }
  await reached;
});

test('CC-08 CA-09 TestCacheLaggingWatcher, TestSlowWatcherResync: a slow reader gets everything, or COMPACTED', async () => {
  await using copy = cache(client, 'slow/', { history: 10 });
  await copy.whenReady();
  const [behind, lost] = [copy.watch('slow/', prefix), copy.watch('slow/', prefix)];
  await Promise.all([behind.created, lost.created]);
  for (let i = 0; i < 8; i++) await put('slow/a', String(i));
  await copy.whenAt(await put('slow/a', '8'));
  const reader = behind[Symbol.asyncIterator]();
  assert.is((await reader.next()).value?.events.length, 9);
  for (let i = 0; i < 8; i++) await put('slow/a', String(i));
  await copy.whenAt(await put('slow/a', 'last'));
  await rejects(lost[Symbol.asyncIterator]().next(), { code: 'COMPACTED' });
  assert.is((await reader.next()).value?.events.length, 9);
  await behind.cancel();
  // A reader of changes that was passed by is given the difference.
  const changes = copy.changes()[Symbol.asyncIterator]();
  for (let i = 0; i < 15; i++) await put('slow/b', String(i));
  await copy.whenAt(await put('slow/b', 'last'));
  const change = (await changes.next()).value as Extract<CacheChange<{ text(): string }>, { type: 'added' }>;
  assert.equal([change.type, change.key.toString(), change.value.text()], ['added', 'slow/b', 'last']);
  assert.is((await changes.next()).value?.type, 'resynced');
  await changes.return?.();
});

test('CC-09 parse runs once for each version; what it throws is reported, and the key left out of what is typed', async () => {
  await put('parse/a', '{"port":1}');
  await put('parse/bad', 'no json');
  const failed: string[] = [];
  let runs = 0;
  await using copy = cache(client, 'parse/', {
    parse: (kv) => (runs++, kv.json<{ port: number }>()),
    onParseError: (_, kv) => failed.push(kv.key.toString()),
  });
  await copy.whenReady();
  assert.equal([runs, failed], [2, ['parse/bad']]);
  assert.is(copy.peek('parse/a')?.port, 1);
  assert.is(copy.peek('parse/bad'), undefined);
  assert.equal(
    [...copy.entries()].map(([key, { port }]) => [key.toString(), port]),
    [['parse/a', 1]],
  );
  assert.is((await copy.get('parse/bad')).kvs[0]?.text(), 'no json', 'a read has it, as etcd does');
  const changes = copy.changes({ initial: true })[Symbol.asyncIterator]();
  assert.equal([(await changes.next()).value?.type, (await changes.next()).value?.type], ['added', 'resynced']);
  for (const [value, type] of [
    ['{"port":2}', 'changed'],
    ['worse', 'deleted'],
    ['{"port":3}', 'added'],
  ]) {
    await put('parse/a', value);
    assert.is((await changes.next()).value?.type, type);
  }
  for (let i = 0; i < 10; i++) copy.peek('parse/a');
  assert.equal([runs, failed], [5, ['parse/bad', 'parse/a']]);
  await changes.return?.();
});

test('CC-09 json(schema) and a Standard Schema give checked values', async () => {
  const port: StandardSchema<{ port: number }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof (value as { port?: unknown }).port === 'number'
          ? { value: value as { port: number } }
          : { issues: [{ message: 'port must be a number' }] },
    },
  };
  const upper: StandardSchema<string> = {
    '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value).toUpperCase() }) },
  };
  await put('schema/a', '{"port":80}');
  await put('schema/b', '{"port":"80"}');
  const failures: string[] = [];
  const onParseError = (error: unknown): void => void failures.push((error as Error).message);
  await using typed = cache(client, 'schema/', { parse: json(port), onParseError });
  await using text = cache(client, 'schema/', { parse: upper });
  await Promise.all([typed.whenReady(), text.whenReady()]);
  assert.is(typed.peek('schema/a')?.port, 80);
  assert.is(typed.peek('schema/b'), undefined);
  assert.equal(failures, ['port must be a number']);
  assert.is(text.peek('schema/a'), '{"PORT":80}');
});

test('a copy ends with its client, its signal and close; who waits gets that', async () => {
  for (const how of ['client', 'signal', 'close'] as const) {
    const own = createClient({ endpoints: etcd.endpoint });
    const controller = new AbortController();
    const copy = cache(own, 'end/', { signal: controller.signal });
    await copy.whenReady();
    const watch = copy.watch('end/', prefix);
    await watch.created;
    const reading = watch[Symbol.asyncIterator]().next();
    const changing = copy.changes()[Symbol.asyncIterator]().next();
    const waiting = copy.whenAt(1n << 60n);
    const reason = new Error('enough');
    const all = Promise.allSettled([reading, changing, waiting]);
    if (how === 'client') await own.close();
    else if (how === 'close') await copy.close();
    else controller.abort(reason);
    const [read, change, waited] = await all;
    if (how === 'signal') {
      for (const result of [read, change, waited]) assert.is((result as PromiseRejectedResult).reason, reason);
    } else {
      assert.equal(
        [read, change].map((result) => result.status === 'fulfilled' && result.value.done),
        [true, true],
      );
      assert.is((waited as PromiseRejectedResult).reason.code, 'CLIENT_CLOSED');
    }
    assert.not.ok(copy.ready);
    await rejects(copy.whenReady(), how === 'signal' ? /enough/ : { code: 'CLIENT_CLOSED' });
    await copy.close();
    await own.close();
  }
});

test(
  'CC-01 a copy without the right to its range ends with that; nobody waits in vain, and reads go to etcd',
  async () => {
    await using one = await startAuthEtcd('simple');
    await using user = createClient({ endpoints: one.etcd.endpoints, interceptors: [auth(app)] });
    const copy = cache(user, 'other/');
    const changes = copy.changes()[Symbol.asyncIterator]().next();
    const ends = await Promise.allSettled([copy.whenReady(), copy.whenAt(1), changes]);
    for (const end of ends) assert.is((end as PromiseRejectedResult).reason.code, 'PERMISSION_DENIED');
    await rejects(copy.whenReady(), { code: 'PERMISSION_DENIED' });
    await rejects(copy.get('other/a'), { code: 'PERMISSION_DENIED', method: 'KV.Range' });
    await rejects(async () => copy.peek('other/a'), { code: 'CACHE_NOT_READY' });
    await using mine = cache(user, 'app/');
    await user.kv.put('app/a', '1');
    await mine.whenAt((await user.kv.put('app/b', '2')).header.revision, { timeoutMs: 10_000 });
    assert.is((await mine.get('app/a')).kvs[0]?.text(), '1');
    await copy.close();
  },
  { timeoutMs: 60_000 },
);

test('cached: reads and watches in the prefix come from the copy, a serializable read has the own writes', async () => {
  const counts = new Counting();
  const copied = cached(counts.client, 'through/');
  await copied.cache.whenReady();
  const watch = copied.watch('through/', prefix);
  await watch.created;
  const reader = watch[Symbol.asyncIterator]();
  for (let i = 0; i < 100; i++) {
    await copied.kv.put('through/a', String(i));
    assert.is((await copied.kv.get('through/a', { serializable: true })).kvs[0]?.text(), String(i));
  }
  const seen: string[] = [];
  while (seen.length < 100) for (const { kv } of (await next(reader)).events) seen.push(kv.text());
  assert.equal(
    seen,
    Array.from({ length: 100 }, (_, i) => String(i)),
  );
  await copied.cache.whenAt(copied.cache.revision);
  counts.ranges = 0;
  for (let i = 0; i < 50; i++) await copied.kv.get('through/a', { serializable: true });
  assert.is(counts.ranges, 0);
  await copied.close();
  assert.is((await reader.next()).done, true);
});

test('bad arguments are refused by name, without types too', async () => {
  for (const [argument, options] of [
    ['histroy', { histroy: 5 }],
    ['history', { history: 0 }],
    ['parse', { parse: 'json' }],
    ['pageSize', { pageSize: -1 }],
    ['trustBookmarks', { trustBookmarks: 'yes' }],
    ['signal', { signal: new AbortController() }],
    ['onParseError', { onParseError: true }],
  ] as const) {
    await rejects(async () => cache(client, 'bad/', options as never), { code: 'INVALID_ARGUMENT', argument });
  }
  await rejects(async () => cache(client, 7 as never), { argument: 'prefix' });
  await using copy = cache(client, 'bad/');
  await copy.whenReady();
  await rejects(async () => copy.peek('elsewhere'), { argument: 'key' });
  await rejects(async () => copy.peek(''), { code: 'EMPTY_KEY' });
  await rejects(copy.whenAt(-1), { argument: 'revision' });
  await rejects(async () => copy.changes({ intial: true } as never), { argument: 'intial' });
  await rejects(copy.get('bad/a', { limt: 1 } as never), { argument: 'limt' });
});

test.run();
