import { fileURLToPath } from 'node:url';
import { createClient } from '@etcdts/core';
import { assert, eventually, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { counting } from './counting-wrapper.ts';
import { run } from './program.ts';

const test = suite('wrappers with something of their own', { timeoutMs: 20_000 });

let etcd: EtcdServer;
test.before(async () => {
  etcd = await startEtcd();
});
test.after(() => etcd?.close());

const here = fileURLToPath(new URL('.', import.meta.url));
const watchers = (): Promise<number> => etcd.member.metric('etcd_debugging_mvcc_watcher_total');

test('K-7 a wrapper with a timer and a watch of its own ends all of it with the client, and no other client notices', async () => {
  await using base = createClient({ endpoints: etcd.endpoint });
  const client = base.intercept();
  const wrapped = counting(client, 'wrappers/with-client/');
  const outer = counting(wrapped, 'wrappers/with-client/outer/');
  await eventually(async () => (await watchers()) === 2);
  await wrapped.kv.put('wrappers/with-client/outer/k', 'v');
  await eventually(() => wrapped.seen.changes === 1 && outer.seen.changes === 1 && wrapped.seen.ticks > 1);
  await client.close();
  const { ticks } = wrapped.seen;
  assert.equal([wrapped.seen.disposed, outer.seen.disposed], [1, 1]);
  await eventually(async () => (await watchers()) === 0, { describe: 'etcd has no watcher left' });
  assert.is(wrapped.seen.ticks, ticks);
  await base.kv.put('wrappers/with-client/k', 'v');
});

test('K-7 disposing of a wrapped client ends what its wrapper has, and the client below goes on', async () => {
  await using client = createClient({ endpoints: etcd.endpoint });
  const wrapped = counting(client, 'wrappers/alone/');
  const below = client.watch('wrappers/alone/k');
  await eventually(async () => (await watchers()) === 2);
  await wrapped[Symbol.asyncDispose]();
  await eventually(async () => (await watchers()) === 1, { describe: 'etcd has the one watcher of the client below' });
  assert.is(wrapped.seen.disposed, 1);
  const next = below[Symbol.asyncIterator]().next();
  await client.kv.put('wrappers/alone/k', 'v');
  assert.is((await next).done, false);
});

test('K-7 a process whose wrapper has a timer that holds it ends by itself after the close of the client', async () => {
  const program = `
    import { createClient } from '@etcdts/core';
    import { counting } from ${JSON.stringify(new URL('counting-wrapper.js', import.meta.url))};
    const client = createClient({ endpoints: ${JSON.stringify(etcd.endpoint)} });
    const wrapped = counting(client, 'wrappers/process/');
    const first = client.watch('wrappers/process/', { prefix: true });
    await first.created;
    await wrapped.kv.put('wrappers/process/k', 'v');
    while (wrapped.seen.changes === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await client.close();
    console.log(wrapped.seen.changes + ' change, then closed');
  `;
  const ending = await run(['--input-type=module', '--eval', program], { limitMs: 10_000, cwd: here });
  assert.is(ending.code, 0, ending.output);
  assert.match(ending.stdout, /^1 change, then closed$/m);
});

test.run();
