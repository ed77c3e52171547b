import { auth } from '@etcdts/auth';
import { follow, listAndWatch, type Change } from '@etcdts/cache';
import { createClient, op, type EtcdClient, type WatchEvent } from '@etcdts/core';
import { withNamespace } from '@etcdts/namespace';
import {
  assert,
  deferred,
  eventually,
  isAtLeast,
  rejects,
  startEtcd,
  startProxy,
  suite,
  type EtcdServer,
} from '@etcdts/testing';
import { app, startAuthEtcd } from '../auth/auth-etcd.ts';
import { Followed } from './followed.ts';

const test = suite('follow', { timeoutMs: 20_000 });
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

async function put(prefixed: string, ...names: string[]): Promise<bigint> {
  let revision = 0n;
  for (const name of names) revision = (await client.kv.put(prefixed + name, name)).header.revision;
  return revision;
}

test('FO-01 MI-01 MI-03 TestMirrorSync: the base, then each change after it, once, whole revisions, without a gap', async () => {
  const at = await put('sync/', 'a', 'b', 'c');
  const following = follow(client, 'sync/', { ...prefix, pageSize: 2 });
  const synced = deferred();
  // What is written between the base and the watch must be neither lost nor given twice.
  const seen = new Followed(following, async ({ type }) => {
    if (type !== 'synced') return;
    await client.kv.txn({ then: [op.put('sync/d', 'd'), op.delete('sync/a')] });
    synced.resolve();
  });
  await synced.promise;
  assert.is(await following.synced, at);
  await eventually(() => seen.state.has('sync/d'));
  const last = await put('sync/', 'b');
  await eventually(() => seen.revision >= last);
  assert.equal([...seen.state.keys()].sort(), ['sync/b', 'sync/c', 'sync/d']);
  assert.equal(
    seen.changes.map((change) => (change.type === 'page' ? change.kvs.length : change.type)),
    [2, 1, 'synced', 'events', 'events'],
  );
  const txn = seen.changes.find(({ type }) => type === 'events') as Extract<Change, { type: 'events' }>;
  assert.is(txn.events.length, 2, 'the revision of a transaction is whole');
  await following.cancel();
  await seen.end();
  assert.is(seen.error, undefined);
});

test('FO-01 TestMirrorSyncBase: a base of many pages has each key once, in order; an empty one is an empty page', async () => {
  for (let i = 0; i < 3; i++)
    await client.kv.txn({ then: Array.from({ length: 100 }, (_, n) => op.put(`base/${i}-${n}`, '')) });
  await using following = follow(client, 'base/', { ...prefix, pageSize: 50 });
  const seen = new Followed(following);
  await following.synced;
  await eventually(() => seen.state.size === 300);
  assert.is(seen.changes.filter(({ type }) => type === 'page').length, 6);

  await using empty = follow(client, 'base-empty/', prefix);
  const none = new Followed(empty);
  await empty.synced;
  await eventually(() => none.changes.length === 2);
  assert.equal(
    none.changes.map(({ type }) => type),
    ['page', 'synced'],
  );
});

test('FO-01 one key, a range and a namespace are followed in the same way', async () => {
  const tenant = withNamespace(client, 'forms/');
  await put('forms/', 'a', 'b', 'c');
  for (const [options, names] of [
    [{}, 'a'],
    [{ rangeEnd: 'c' }, 'a b'],
    [{ fromKey: true }, 'a b c'],
  ] as const) {
    await using following = follow(tenant, 'a', options);
    const seen = new Followed(following);
    await following.synced;
    const { revision } = (await tenant.kv.put('a', names)).header;
    await eventually(() => seen.revision >= revision);
    assert.is([...seen.state.keys()].join(' '), names);
    assert.is(seen.state.get('a'), names);
  }
});

test(
  'FO-02 TestMirrorSync_Authenticated: a user with rights on the prefix alone follows it',
  async () => {
    await using one = await startAuthEtcd('simple');
    await using user = createClient({ endpoints: one.etcd.endpoints, interceptors: [auth(app)] });
    await user.kv.put('app/a', '1');
    await using following = follow(user, 'app/', prefix);
    const seen = new Followed(following);
    await following.synced;
    await user.kv.put('app/b', '2');
    await eventually(() => seen.state.size === 2);
    assert.equal(
      [...seen.state],
      [
        ['app/a', '1'],
        ['app/b', '2'],
      ],
    );

    // FO-05: no restart helps against a missing right.
    const foreign = follow(user, 'other/', prefix);
    const refused = new Followed(foreign);
    await rejects(foreign.synced, { code: 'PERMISSION_DENIED' });
    await refused.end();
    assert.is((refused.error as { code: string }).code, 'PERMISSION_DENIED');
    assert.is(refused.restarts, 0);
  },
  { timeoutMs: 60_000 },
);

test('FO-03 a compaction during the base restarts it, and the new base is whole', async ({ skip }) => {
  if (isAtLeast(etcd.version, '3.7')) skip('this etcd streams a base as one range, which no compaction interrupts');
  await put('during/', 'a', 'b', 'c', 'd', 'e');
  let pages = 0;
  await using following = follow(client, 'during/', { ...prefix, pageSize: 1 });
  const seen = new Followed(following, async ({ type }) => {
    if (type !== 'page' || ++pages !== 1) return;
    await client.kv.delete('during/b');
    await client.kv.compact((await client.kv.put('during/f', 'f')).header.revision);
  });
  await following.synced;
  await eventually(() => seen.state.size === 5);
  assert.is(seen.restarts, 1);
  assert.equal([...seen.state.values()].join(''), 'acdef');
});

test('FO-03 a compaction while the watch is cut off restarts it, and what was missed is in the new base', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using cutOff = createClient({ endpoints: proxy.endpoint });
  await put('cut/', 'a', 'b');
  await using following = follow(cutOff, 'cut/', prefix);
  const seen = new Followed(following);
  await following.synced;
  await client.kv.put('cut/watched', '');
  await eventually(() => seen.state.size === 3);
  proxy.refuse();
  proxy.cut();
  await client.kv.delete('cut/a');
  await client.kv.compact((await client.kv.put('cut/c', 'c')).header.revision, { physical: true });
  await proxy.heal();
  await eventually(() => seen.state.has('cut/c'), { timeoutMs: 10_000 });
  assert.is(seen.restarts, 1);
  assert.not.ok(seen.state.has('cut/a'));
  const { reason } = seen.changes.find(({ type }) => type === 'restart') as Extract<Change, { type: 'restart' }>;
  assert.is(reason.code, 'COMPACTED');
  const { revision } = (await client.kv.put('cut/d', 'd')).header;
  await eventually(() => seen.revision >= revision);
});

test(
  'FO-03 an etcd whose data is gone restarts it with CLUSTER_RESET',
  async () => {
    await using own = await startEtcd();
    await using mine = createClient({ endpoints: own.endpoints });
    for (let i = 0; i < 10; i++) await mine.kv.put(`reset/${i}`, 'old');
    await using following = follow(mine, 'reset/', prefix);
    const seen = new Followed(following);
    await following.synced;
    await mine.kv.put('reset/0', 'new');
    await eventually(() => seen.state.get('reset/0') === 'new');
    await own.member.kill();
    own.member.wipe();
    await own.member.start();
    await eventually(() => seen.restarts === 1 && seen.state.size === 0, { timeoutMs: 15_000 });
    await mine.kv.put('reset/fresh', '1');
    await eventually(() => seen.state.size === 1);
  },
  { timeoutMs: 60_000 },
);

test(
  'FO-03 a store that is older than its base is found out before its watch waits for ever',
  async () => {
    await using own = await startEtcd();
    await using mine = createClient({ endpoints: own.endpoints });
    for (let i = 0; i < 10; i++) await mine.kv.put(`older/${i}`, 'old');
    await using following = follow(mine, 'older/', prefix);
    let bases = 0;
    const seen = new Followed(following, async ({ type }) => {
      if (type !== 'synced' || ++bases !== 1) return;
      await own.member.kill();
      own.member.wipe();
      await own.member.start();
    });
    await eventually(() => seen.restarts === 1 && bases === 2, { timeoutMs: 15_000 });
    assert.is(seen.state.size, 0);
  },
  { timeoutMs: 60_000 },
);

test('FO-04 revision gives no base and each change after it; a compacted one throws, or restarts if that is allowed', async () => {
  const first = await put('from/', 'a');
  await put('from/', 'b', 'c');
  await using following = follow(client, 'from/', { ...prefix, revision: first });
  const seen = new Followed(following);
  assert.is(await following.synced, first);
  await eventually(() => seen.state.size === 2);
  assert.equal([...seen.state.values()].join(''), 'bc');

  const last = await put('from/', 'd');
  await client.kv.compact(last);
  const gone = new Followed(follow(client, 'from/', { ...prefix, revision: first }));
  await gone.end();
  assert.is((gone.error as { code: string }).code, 'COMPACTED');
  await using allowed = follow(client, 'from/', { ...prefix, revision: first, restart: true });
  const again = new Followed(allowed);
  await eventually(() => again.state.size === 4);
  assert.is(again.restarts, 1);

  const ahead = new Followed(follow(client, 'from/', { ...prefix, revision: last + 1_000n }));
  await ahead.end();
  assert.is((ahead.error as { code: string }).code, 'CLUSTER_RESET');
});

test('FO-05 an etcd that is away is waited for, in the base and after it', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await put('away/', 'a', 'b', 'c', 'd', 'e');
  proxy.refuse();
  await using cutOff = createClient({ endpoints: proxy.endpoint, requestTimeoutMs: 300 });
  await using following = follow(cutOff, 'away/', { ...prefix, pageSize: 1 });
  let pages = 0;
  const seen = new Followed(following, async ({ type }) => {
    if (type !== 'page' || ++pages !== 2) return;
    proxy.refuse();
    proxy.cut();
    setTimeout(() => void proxy.heal(), 600);
  });
  setTimeout(() => void proxy.heal(), 600);
  await following.synced;
  await eventually(() => seen.state.size === 5);
  assert.is(seen.restarts, 0);
  assert.equal(seen.changes.filter(({ type }) => type === 'page').length, 5);
});

test('FO-06 a reader that pauses holds up the pages, and the watch', async () => {
  for (let i = 0; i < 20; i++) await put('slow/', String(i).padStart(2, '0'));
  let ranges = 0;
  let watches = 0;
  const counting = client.intercept({
    name: 'counting',
    unary: (next, { name }) => (name === 'Range' ? (call) => (ranges++, next(call)) : next),
    stream: (next, { name }) => (name === 'Watch' ? (call) => (watches++, next(call)) : next),
  });
  const following = follow(counting, 'slow/', { ...prefix, pageSize: 2 });
  assert.is(ranges, 0, 'nothing is sent before it is read');
  const reader = following[Symbol.asyncIterator]();
  await reader.next();
  const before = ranges;
  await put('slow/', 'more');
  assert.is(ranges, before);
  for (let step = await reader.next(); step.value?.type === 'page'; step = await reader.next());
  assert.is(watches, 0, 'there is no watch before the base was read');
  const next = await reader.next();
  assert.is(next.value?.type, 'events');
  assert.is(watches, 1);
  await reader.return?.();
});

test('break, cancel, abort and close end it in every phase, and leave nothing', async () => {
  await put('ends/', 'a', 'b', 'c');
  for (const phase of ['page', 'synced', 'events'] as const) {
    for (const how of ['break', 'cancel', 'abort', 'close'] as const) {
      const own = createClient({ endpoints: etcd.endpoint });
      const controller = new AbortController();
      const following = follow(own, 'ends/', { ...prefix, pageSize: 1, signal: controller.signal });
      const enough = new Error('enough');
      const reader = following[Symbol.asyncIterator]();
      let whole = phase !== 'page';
      let step = await reader.next();
      while (step.value?.type !== phase) {
        const next = reader.next();
        if (phase === 'events' && step.value?.type === 'synced') void client.kv.put('ends/a', 'again');
        step = await next;
      }
      // In the last phase it waits for events that do not come.
      const waiting = phase === 'events' ? reader.next() : undefined;
      if (how === 'break') await reader.return?.();
      else if (how === 'cancel') await following.cancel();
      else if (how === 'abort') controller.abort(enough);
      else await own.close();
      let last = waiting ?? reader.next();
      if (how === 'abort') assert.is(await rejects(last), enough);
      else {
        // An etcd that streams a base has sent its next page already, perhaps all of them.
        for (let one = await last; how === 'close' && phase === 'page' && one.done !== true; one = await last) {
          whole ||= one.value.type === 'synced';
          last = reader.next();
        }
        assert.is((await last).done, true, `${how} at ${phase}`);
      }
      assert.is((await reader.next()).done, true);
      if (whole) await following.synced;
      else await rejects(following.synced);
      await own.close();
    }
  }
});

test('it ends before it begins: an aborted signal, a closed client, cancel, and a base that takes too long', async () => {
  const reason = new Error('too late');
  const aborted = follow(client, 'early/', { ...prefix, signal: AbortSignal.abort(reason) });
  assert.is(await rejects(aborted[Symbol.asyncIterator]().next()), reason);
  assert.is(await rejects(aborted.synced), reason);

  const closed = createClient({ endpoints: etcd.endpoint });
  await closed.close();
  await rejects(follow(closed, 'early/', prefix)[Symbol.asyncIterator]().next(), { code: 'CLIENT_CLOSED' });

  const cancelled = follow(client, 'early/', prefix);
  await cancelled.cancel();
  await rejects(cancelled.synced, { code: 'CANCELLED' });
  assert.is((await cancelled[Symbol.asyncIterator]().next()).done, true);

  await using proxy = await startProxy(etcd.endpoint);
  proxy.blackhole();
  await using cutOff = createClient({ endpoints: proxy.endpoint });
  const late = follow(cutOff, 'early/', { ...prefix, timeoutMs: 200 });
  await rejects(late[Symbol.asyncIterator]().next(), { code: 'DEADLINE_EXCEEDED' });
  await rejects(late.synced, { code: 'DEADLINE_EXCEEDED' });
});

test('it has one reader, and refuses bad arguments by name, without types too', async () => {
  await using following = follow(client, 'args/', prefix);
  void following[Symbol.asyncIterator]();
  await rejects(async () => following[Symbol.asyncIterator](), { code: 'FAILED_PRECONDITION' });
  for (const [argument, given] of [
    ['prefx', ['k', { prefx: true }]],
    ['pageSize', ['k', { pageSize: 0 }]],
    ['pageSize', ['k', { pageSize: '5' }]],
    ['revision', ['k', { revision: -1 }]],
    ['revision', ['k', { revision: '7' }]],
    ['key', ['', {}]],
    ['key', [7, {}]],
    ['fromKey', ['k', { prefix: true, fromKey: true }]],
    ['restart', ['k', { restart: 1 }]],
    ['options', ['k', 'prefix']],
  ] as const) {
    const [key, options] = given;
    await rejects(async () => follow(client, key as string, options as never), { argument });
  }
  await rejects(async () => follow({} as never, 'k'), { code: 'INVALID_ARGUMENT', argument: 'client' });
});

test('FO-01 FO-03 listAndWatch gives what is there, then what happens, also what a new base amounts to', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using cutOff = createClient({ endpoints: proxy.endpoint });
  await put('list/', 'a', 'b', 'c');
  const reader = listAndWatch(cutOff, 'list/', { ...prefix, pageSize: 2 })[Symbol.asyncIterator]();
  const take = async (count: number): Promise<string> => {
    const seen: string[] = [];
    while (seen.length < count) {
      const { value } = (await reader.next()) as { value: WatchEvent };
      seen.push(`${value.type} ${value.kv.key.toString()}`);
    }
    return seen.join(', ');
  };
  assert.is(await take(3), 'put list/a, put list/b, put list/c');
  await put('list/', 'a');
  await client.kv.delete('list/c');
  assert.is(await take(2), 'put list/a, delete list/c');
  proxy.refuse();
  proxy.cut();
  await client.kv.delete('list/a');
  await put('list/', 'b', 'd');
  await client.kv.compact(await put('list/', 'd'), { physical: true });
  await proxy.heal();
  assert.is(await take(3), 'put list/b, put list/d, delete list/a');
  const waiting = reader.next();
  await reader.return?.();
  assert.is((await waiting).done, true);
  await rejects(async () => listAndWatch(client, 'list/', { revision: 3 } as never), { argument: 'revision' });
  for (const wrong of [null, 'prefix', 7])
    await rejects(async () => listAndWatch(client, 'list/', wrong as never), {
      code: 'INVALID_ARGUMENT',
      argument: 'options',
    });
});

test.run();
