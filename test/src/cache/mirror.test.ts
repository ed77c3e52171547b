import { auth } from '@etcdts/auth';
import { mirror, type MirrorOptions } from '@etcdts/cache';
import { createClient, EtcdError, op, type EtcdClient } from '@etcdts/core';
import { invoke, methods, type Interceptor, type TxnRequest } from '@etcdts/core/plugin';
import { withNamespace } from '@etcdts/namespace';
import { assert, eventually, rejects, startEtcd, startProxy, suite, type EtcdServer } from '@etcdts/testing';
import { app, startAuthEtcd } from '../auth/auth-etcd.ts';
import { contentOf, MirrorRun, shown } from './mirror-run.ts';

const test = suite('mirror', { timeoutMs: 30_000 });
let servers: { readonly source: EtcdServer; readonly target: EtcdServer };
let source: EtcdClient;
let target: EtcdClient;

test.before(async () => {
  const [one, other] = await Promise.all([startEtcd(), startEtcd()]);
  servers = { source: one, target: other };
  source = createClient({ endpoints: one.endpoint });
  target = createClient({ endpoints: other.endpoint });
});
test.after(async () => {
  await Promise.all([source?.close(), target?.close()]);
  await Promise.all([servers?.source.close(), servers?.target.close()]);
});

async function put(...pairs: readonly (readonly [key: string, value: string])[]): Promise<bigint> {
  let revision = 0n;
  for (const [key, value] of pairs) revision = (await source.kv.put(key, value)).header.revision;
  return revision;
}

/** A client of the target whose transactions an interceptor sees. */
function seen(see: (request: TxnRequest, send: () => Promise<unknown>) => Promise<unknown>): EtcdClient {
  const interceptor: Interceptor = {
    name: 'seen transactions',
    unary: (next, method) =>
      method.path === methods.txn.path ? (call) => see(call.request as TxnRequest, () => next(call)) as never : next,
  };
  return target.intercept(interceptor);
}

test('MR-01 TestCtlV3MakeMirror: the keys of a prefix, then what happens to them, under the same names', async () => {
  await put(['key1', 'val1'], ['key2', 'val2'], ['key3', 'val3'], ['other', '0']);
  await using run = new MirrorRun(source, target, { prefix: 'key' });
  await eventually(() => run.last?.phase === 'changes');
  assert.is(await shown(target, 'key'), '1=val1 2=val2 3=val3');
  await source.kv.delete('key1');
  const revision = await put(['key4', 'val4'], ['key2', 'new']);
  await eventually(() => run.has(revision));
  assert.is(await shown(target, 'key'), '2=new 3=val3 4=val4');
  assert.is((await target.kv.get('other')).count, 0);
  assert.is(run.last?.lag, 0n);
});

test('MR-01 TestCtlV3MakeMirrorModifyDestPrefix: another prefix takes the place of the prefix', async () => {
  await put(['key_1', 'val1'], ['key_2', 'val2'], ['key_3', 'val3']);
  await using run = new MirrorRun(source, target, { prefix: 'key_', targetPrefix: 'o_' });
  const revision = await put(['key_4', 'val4']);
  await eventually(() => run.has(revision));
  assert.is(await shown(target, 'o_'), '1=val1 2=val2 3=val3 4=val4');
});

test('MR-01 TestCtlV3MakeMirrorNoDestPrefix: an empty prefix puts the rest of each key at the root', async () => {
  await put(['root_key1', 'val1'], ['root_key2', 'val2']);
  // A namespace shows that it is the root.
  const root = withNamespace(target, 'root/');
  await using run = new MirrorRun(source, root, { prefix: 'root_', targetPrefix: '' });
  const revision = await put(['root_key3', 'val3']);
  await eventually(() => run.has(revision));
  assert.is(await shown(root, ''), 'key1=val1 key2=val2 key3=val3');

  const { header } = await source.kv.put('root_', 'a key of which nothing is left');
  assert.ok(header.revision > revision);
  const error = (await run.ended) as EtcdError;
  assert.is(error.code, 'INVALID_ARGUMENT');
  assert.match(error.message, /targetPrefix/);
});

test('MR-02 TestCtlV3MakeMirrorWithWatchRev: a revision in place of a base; a compacted one rejects', async () => {
  const before = await put(['rev_1', 'val1'], ['rev_2', 'val2']);
  await put(['rev_3', 'val3']);
  await using run = new MirrorRun(source, target, { prefix: 'rev_', revision: before });
  const revision = await put(['rev_4', 'val4']);
  await eventually(() => run.has(revision));
  assert.is(await shown(target, 'rev_'), '3=val3 4=val4');
  assert.equal(run.phases, ['changes']);
  await run.stop();

  await source.kv.compact(revision);
  await rejects(mirror(source, target, { prefix: 'rev_', revision: before }), { code: 'COMPACTED' });
});

test('MR-01 each revision is one transaction of the target; one that does not fit is several, in order', async () => {
  const transactions: number[] = [];
  const watched = seen((request, send) => (transactions.push(request.success.length), send()));
  await using run = new MirrorRun(source, watched, { prefix: 'txn/', checkpoint: 'checkpoints/txn' });
  await eventually(() => run.last?.phase === 'changes');
  await using watch = target.watch('txn/', { prefix: true });
  const { revision: begin } = await watch.created;
  transactions.length = 0;
  await source.kv.txn({ then: [op.put('txn/a', '1'), op.put('txn/b', '1'), op.put('txn/c', '1')] });
  await source.kv.txn({ then: [op.delete('txn/a'), op.put('txn/b', '2')] });
  const many = Array.from({ length: 128 }, (_, i) => op.put(`txn/many/${String(i).padStart(3, '0')}`, 'x'));
  await source.kv.txn({ then: many });
  await source.kv.txn({ then: many.slice(0, 127) });
  // Larger than what a transaction takes, in few operations.
  const large = Buffer.alloc(500_000, 'x');
  await source.kv.txn({ then: [op.put('txn/l1', large), op.put('txn/l2', large)] });
  const { header } = await source.kv.delete('txn/', { prefix: true });
  await eventually(() => run.has(header.revision));
  // The checkpoint is one more.
  assert.equal(transactions, [4, 3, 128, 2, 128, 3, 128, 6]);
  const revisions: number[] = [];
  for await (const { kv } of watch.events()) {
    const at = Number(kv.modRevision - begin) - 1;
    revisions[at] = (revisions[at] ?? 0) + 1;
    if (revisions.reduce((sum, count) => sum + count, 0) === 3 + 2 + 128 + 127 + 2 + 132) break;
  }
  assert.equal(revisions, [3, 2, 127, 1, 127, 2, 127, 5]);

  // Values that are too large for one transaction together.
  const huge = Buffer.alloc(700_000, 'x');
  const first = await source.kv.put('txn/h1', huge);
  await source.kv.put('txn/h2', huge);
  await run.stop();
  await target.kv.delete('txn/', { prefix: true });
  await target.kv.delete('checkpoints/txn');
  transactions.length = 0;
  await using again = new MirrorRun(source, watched, { prefix: 'txn/', checkpoint: 'checkpoints/txn' });
  await eventually(() => again.has(first.header.revision));
  assert.equal(transactions, [2, 2, 1]);
});

test('MR-01 maxTxnOps and pageSize have their effect', async () => {
  const sizes: number[] = [];
  const watched = seen((request, send) => (sizes.push(request.success.length), send()));
  await source.kv.txn({ then: Array.from({ length: 10 }, (_, i) => op.put(`sizes/${i}`, '')) });
  await using run = new MirrorRun(source, watched, { prefix: 'sizes/', maxTxnOps: 4 });
  await eventually(() => run.last?.phase === 'changes');
  assert.equal(sizes, [4, 4, 2]);
  assert.is(run.last?.written, 10);
  assert.is(run.last?.transactions, 3);
});

test('MR-02 a stopped mirror goes on from its checkpoint, skips nothing, and writes nothing twice', async () => {
  const options: MirrorOptions = { prefix: 'stop/', targetPrefix: 'stopped/', checkpoint: 'checkpoints/stop' };
  await put(['stop/a', '1'], ['stop/b', '1']);
  const first = new MirrorRun(source, target, options);
  await eventually(() => first.last?.phase === 'changes');
  assert.is(((await first.stop()) as Error).message, 'stopped');
  const state = JSON.parse((await target.kv.get('checkpoints/stop')).kvs[0]?.text() ?? '') as Record<string, unknown>;
  assert.is(state['phase'], 'changes');

  for (let i = 0; i < 50; i++) await put([`stop/${i % 7}`, String(i)]);
  await source.kv.delete('stop/a');
  const last = await put(['stop/b', '2']);
  await using second = new MirrorRun(source, target, options);
  await eventually(() => second.has(last));
  assert.equal(second.phases, ['changes'], 'it was not read whole again');
  assert.is(await shown(target, 'stopped/'), await shown(source, 'stop/'));
  assert.is(second.last?.written, 52);
  const [there, here] = [await contentOf(target, 'stopped/'), await contentOf(source, 'stop/')];
  for (const [name, { version }] of here) assert.is(there.get(name)?.version, version, name);
});

test('MR-02 a revision of several transactions that was stopped between them is written whole by the next mirror', async () => {
  const options: MirrorOptions = { prefix: 'parts/', checkpoint: 'checkpoints/parts', maxTxnOps: 11 };
  const stopping = new AbortController();
  let counts = false;
  let transactions = 0;
  const halting = seen(async (_, send) => {
    const answer = await send();
    if (counts && ++transactions === 2) stopping.abort(new Error('between'));
    return answer;
  });
  const halted = mirror(source, halting, {
    ...options,
    signal: stopping.signal,
    onProgress: ({ phase }) => (counts = phase === 'changes'),
  });
  await eventually(() => counts);
  const writes = Array.from({ length: 50 }, (_, i) => op.put(`parts/${i}`, '1'));
  const { header } = await source.kv.txn({ then: writes });
  await rejects(halted, (error) => (error as Error).message === 'between');
  assert.is((await contentOf(target, 'parts/')).size, 20);
  await using run = new MirrorRun(source, target, options);
  await eventually(() => run.has(header.revision));
  assert.is((await contentOf(target, 'parts/')).size, 50);
  assert.equal(run.phases, ['changes']);
});

test('MR-02 what is on the target already with the same value is not written again', async () => {
  await put(['same/a', '1'], ['same/b', '1'], ['same/c', '1']);
  await target.kv.put('same/a', '1');
  await target.kv.put('same/b', 'other');
  await using run = new MirrorRun(source, target, { prefix: 'same/' });
  await eventually(() => run.last?.phase === 'changes');
  assert.is(await shown(target, 'same/'), 'a=1 b=1 c=1');
  assert.is(run.last?.unchanged, 1);
  assert.is(run.last?.written, 2);
});

test('MR-03 a write whose reply is lost is applied once, and the next ones after it', async () => {
  await using proxy = await startProxy(servers.target.endpoint);
  await using cutOff = createClient({ endpoints: proxy.endpoint });
  await using run = new MirrorRun(source, cutOff, { prefix: 'lost/', checkpoint: 'checkpoints/lost' });
  await eventually(() => run.last?.phase === 'changes');
  let [requests, cuts, armed] = [0, 0, false];
  proxy.onChunk = (direction, chunk) => {
    if (direction === 'toServer') {
      if (chunk.includes('lost/counter')) armed = ++requests % 3 === 1;
      return 'pass';
    }
    if (!armed) return 'pass';
    armed = false;
    cuts += 1;
    return 'cut';
  };
  let revision = 0n;
  for (let i = 1; i <= 60; i++) revision = await put(['lost/counter', String(i)]);
  await eventually(() => run.has(revision), { timeoutMs: 20_000 });
  const { kvs } = await target.kv.get('lost/counter');
  assert.is(kvs[0]?.text(), '60');
  assert.is(kvs[0]?.version, 60, 'each was applied once');
  assert.ok(cuts >= 20, `${cuts} replies`);
});

test('MR-03 a write that arrives late is not applied over later ones; without a checkpoint its loss ends the mirror', async () => {
  let lost: TxnRequest | undefined;
  let losing = false;
  const unreliable = seen((request, send) => {
    if (!losing) return send();
    losing = false;
    lost = request;
    return Promise.reject(
      new EtcdError({ code: 'UNAVAILABLE', message: 'the connection was lost', outcome: 'unknown' }),
    );
  });
  await using run = new MirrorRun(source, unreliable, { prefix: 'late/', checkpoint: 'checkpoints/late' });
  await eventually(() => run.last?.phase === 'changes');
  losing = true;
  await put(['late/a', '1']);
  const revision = await put(['late/a', '2'], ['late/b', '1']);
  await eventually(() => run.has(revision));
  const late = await invoke(target, methods.txn, lost as TxnRequest);
  assert.is(late.succeeded, false);
  assert.is(await shown(target, 'late/'), 'a=2 b=1');
  assert.is(run.last?.waiting, undefined);

  await run.stop();

  await using bare = new MirrorRun(source, unreliable, { prefix: 'late/', targetPrefix: 'bare/' });
  await eventually(() => bare.last?.phase === 'changes');
  losing = true;
  await put(['late/a', '3']);
  const error = (await bare.ended) as EtcdError;
  assert.is(error.code, 'UNAVAILABLE');
  assert.is(error.outcome, 'unknown');
  assert.match(error.message, /checkpoint/);
});

test('MR-04 after a compaction while the mirror was away, what was deleted meanwhile is removed below targetPrefix', async () => {
  const options: MirrorOptions = { prefix: 'away/', targetPrefix: 'kept/', checkpoint: 'kept/.checkpoint' };
  await put(['away/a', '1'], ['away/b', '1'], ['away/c', '1'], ['away/z', '1']);
  await target.kv.put('kept/', 'a bare name');
  const first = new MirrorRun(source, target, options);
  await eventually(() => first.last?.phase === 'changes');
  // The first base finds what was there before, and leaves it.
  assert.is(first.last?.extra, 1);
  await first.stop();

  await source.kv.delete('away/b');
  await source.kv.delete('away/z');
  await source.kv.compact(await put(['away/d', '1']));
  await using second = new MirrorRun(source, target, options);
  const last = await put(['away/e', '1']);
  await eventually(() => second.has(last));
  assert.is(second.last?.restarts, 1);
  assert.is(second.last?.unchanged, 2);
  await target.kv.get('kept/.checkpoint').then(({ count }) => assert.is(count, 1));
  const content = await contentOf(target, 'kept/');
  assert.equal([...content.keys()], ['.checkpoint', 'a', 'c', 'd', 'e']);
});

test('MR-04 without a targetPrefix nothing is removed, and a warning counts it; removeExtra decides otherwise', async () => {
  const lines: string[] = [];
  const log = (message: string, fields?: object): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  await using logging = createClient({
    endpoints: servers.source.endpoint,
    logger: { debug() {}, info() {}, warn: log, error: log },
  });
  await target.kv.put('extra/foreign', '1');
  await put(['extra/a', '1']);
  const first = new MirrorRun(logging, target, { prefix: 'extra/' });
  await eventually(() => first.last?.phase === 'changes');
  await first.stop();
  assert.is(await shown(target, 'extra/'), 'a=1 foreign=1');
  assert.match(lines.join('\n'), /leaves keys on its target.*"extra":1/);
  const second = new MirrorRun(source, target, { prefix: 'extra/', removeExtra: true });
  await eventually(() => second.last?.phase === 'changes');
  await second.stop();
  assert.is(await shown(target, 'extra/'), 'a=1');
});

test('MR-04 a base that was not finished is begun again, and what was deleted meanwhile is removed', async () => {
  for (let i = 0; i < 40; i++) await put([`half/${String(i).padStart(2, '0')}`, '1']);
  const options: MirrorOptions = { prefix: 'half/', targetPrefix: 'half-copy/', checkpoint: 'checkpoints/half' };
  const stopping = new AbortController();
  let transactions = 0;
  const halting = seen((_, send) => {
    if (++transactions === 3) stopping.abort(new Error('halfway'));
    return send();
  });
  const halted = mirror(source, halting, { ...options, maxTxnOps: 11, signal: stopping.signal });
  await rejects(halted, (error) => (error as Error).message === 'halfway');
  assert.ok((await contentOf(target, 'half-copy/')).size >= 20);
  await source.kv.delete('half/00');
  const last = await put(['half/99', '1']);
  await using run = new MirrorRun(source, target, options);
  await eventually(() => run.has(last));
  assert.is(await shown(target, 'half-copy/'), await shown(source, 'half/'));
});

test('MR-05 leases are not mirrored: a copy has none, and is deleted when its key is', async () => {
  const { id } = await source.lease.grant(60);
  await source.kv.put('leased/a', '1', { lease: id });
  const foreign = await target.lease.grant(60);
  await target.kv.put('leased/a', '1', { lease: foreign.id });
  await using run = new MirrorRun(source, target, { prefix: 'leased/' });
  await eventually(() => run.last?.phase === 'changes');
  assert.is((await target.kv.get('leased/a')).kvs[0]?.lease, 0n);
  await source.lease.revoke(id);
  await eventually(async () => (await target.kv.get('leased/a')).count === 0);
});

test('MR-06 it ends with the reason of its signal, with either client, and for a missing right', async () => {
  await rejects(
    mirror(source, target, { prefix: 'ends/', signal: AbortSignal.abort(new Error('before')) }),
    (error) => (error as Error).message === 'before',
  );
  for (const which of [0, 1]) {
    const own = [
      createClient({ endpoints: servers.source.endpoint }),
      createClient({ endpoints: servers.target.endpoint }),
    ];
    const run = new MirrorRun(own[0] as EtcdClient, own[1] as EtcdClient, {
      prefix: 'ends/',
      checkpoint: `ends-${which}`,
    });
    await eventually(() => run.last?.phase === 'changes');
    await own[which]?.close();
    await put(['ends/a', '1']);
    assert.is(((await run.ended) as EtcdError).code, 'CLIENT_CLOSED');
    await own[1 - which]?.close();
  }
});

test(
  'MR-06 a right that is missing on either side ends it',
  async () => {
    await using one = await startAuthEtcd('simple');
    await using user = createClient({ endpoints: one.etcd.endpoints, interceptors: [auth(app)] });
    await user.kv.put('app/a', '1');
    await rejects(mirror(user, target, { prefix: 'other/' }), { code: 'PERMISSION_DENIED' });
    await put(['rights/a', '1']);
    await rejects(mirror(source, user, { prefix: 'rights/' }), { code: 'PERMISSION_DENIED' });
    // Rights below the prefix are enough, for the checkpoint too.
    await using run = new MirrorRun(source, user, {
      prefix: 'rights/',
      targetPrefix: 'app/r/',
      checkpoint: 'app/checkpoint',
    });
    await eventually(() => run.last?.phase === 'changes');
    assert.is((await user.kv.get('app/r/a')).count, 1);
  },
  { timeoutMs: 60_000 },
);

test('MR-02 a checkpoint is that of one mirror: foreign values and other prefixes are refused, a second one writes nothing twice', async () => {
  await target.kv.put('taken', 'a value of somebody');
  await rejects(mirror(source, target, { prefix: 'one/', checkpoint: 'taken' }), {
    code: 'INVALID_ARGUMENT',
    message: /no mirror has written/,
  });
  assert.is((await target.kv.get('taken')).kvs[0]?.text(), 'a value of somebody');

  const options: MirrorOptions = { prefix: 'one/', checkpoint: 'checkpoints/one' };
  await using run = new MirrorRun(source, target, options);
  await eventually(() => run.has(1n));
  await rejects(mirror(source, target, { ...options, prefix: 'two/' }), {
    code: 'INVALID_ARGUMENT',
    message: /another prefix/,
  });
  // Two with one checkpoint hold each other up, and nothing more.
  await using second = new MirrorRun(source, target, options);
  await eventually(() => second.has(1n));
  let revision = 0n;
  for (let i = 1; i <= 50; i++) revision = await put(['one/a', String(i)]);
  await eventually(() => run.has(revision) && second.has(revision));
  const { kvs } = await target.kv.get('one/a');
  assert.equal([kvs[0]?.text(), kvs[0]?.version], ['50', 50]);

  await put(['collide/checkpoint', '1']);
  await rejects(mirror(source, target, { prefix: 'collide/', checkpoint: 'collide/checkpoint' }), {
    code: 'FAILED_PRECONDITION',
    message: /choose another checkpoint/,
  });
});

test('MR-02 a checkpoint that is deleted, with all of the target, is written anew', async () => {
  await put(['gone/a', '1'], ['gone/b', '1']);
  await using run = new MirrorRun(source, target, {
    prefix: 'gone/',
    targetPrefix: 'refilled/',
    checkpoint: 'checkpoints/gone',
  });
  await eventually(() => run.last?.phase === 'changes');
  await target.kv.delete('refilled/', { prefix: true });
  await target.kv.delete('checkpoints/gone');
  const revision = await put(['gone/c', '1']);
  await eventually(() => run.has(revision));
  assert.is(await shown(target, 'refilled/'), 'a=1 b=1 c=1');
});

test('bad arguments are refused by name, without types too', async () => {
  const bad = mirror as (...args: unknown[]) => Promise<never>;
  for (const [options, argument] of [
    [undefined, 'options'],
    [{}, 'prefix'],
    [{ prefix: 7 }, 'prefix'],
    [{ prefix: 'a', targetPrefix: 7 }, 'targetPrefix'],
    [{ prefix: 'a', checkpoint: '' }, 'checkpoint'],
    [{ prefix: 'a', revision: -1 }, 'revision'],
    [{ prefix: 'a', removeExtra: 'yes' }, 'removeExtra'],
    [{ prefix: 'a', maxTxnOps: 1, checkpoint: 'c' }, 'maxTxnOps'],
    [{ prefix: 'a', pageSize: 0 }, 'pageSize'],
    [{ prefix: 'a', onProgress: true }, 'onProgress'],
    [{ prefix: 'a', destPrefix: 'b' }, 'destPrefix'],
    [{ prefix: 'a', signal: {} }, 'signal'],
  ] as const)
    await rejects(bad(source, target, options), {
      message: new RegExp(`^(INVALID_ARGUMENT|EMPTY_KEY): .*${argument}`),
    });
  await rejects(bad(source, {}, { prefix: 'a' }), { code: 'INVALID_ARGUMENT' });
  await rejects(bad(source, undefined, { prefix: 'a' }), { code: 'INVALID_ARGUMENT' });
  await rejects(bad(source, source, { prefix: 'a/' }), { code: 'INVALID_ARGUMENT', message: /overlap/ });
  await rejects(bad(source, source, { prefix: 'a/', targetPrefix: 'a/b/' }), { message: /overlap/ });
});

test('a mirror within one etcd is possible where its ranges are apart', async () => {
  await put(['within/a', '1']);
  await using run = new MirrorRun(source, source, { prefix: 'within/', targetPrefix: 'backup/' });
  const revision = await put(['within/b', '1']);
  await eventually(() => run.has(revision));
  assert.is(await shown(source, 'backup/'), 'a=1 b=1');
});

test.run();
