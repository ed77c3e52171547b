// limit: 300 s
// Barriers of clientv3's recipes, beside those of this client.
import { createClient, type EtcdClient } from '@etcdts/core';
import { barrier, doubleBarrier, openSession } from '@etcdts/concurrency';
import { assert, eventually, rejects, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { keysBelow, untilWaiting, watched } from './barrier-cases.ts';
import { buildGo, Program } from './programs.ts';

const test = suite('barriers beside clientv3', { timeoutMs: 40_000 });

let etcd: EtcdServer;
let client: EtcdClient;
const built = await buildGo('barrier');
const add = (name: string, body: () => Promise<void>): void => {
  if ('missing' in built) test.skip(name, built.missing);
  else test(name, body);
};
const go = (...args: string[]): Program => new Program('path' in built ? built.path : '', [etcd.endpoint, ...args]);

test.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint });
});
test.after(async () => {
  await client.close();
  await etcd.close();
});

add('BA-01 each waits for a barrier that the other holds, until either releases it', async () => {
  const own = barrier(client, 'b');
  await using holding = go('hold', 'b');
  assert.equal(await holding.printed(1), ['held']);
  await rejects(own.hold(), { code: 'KEY_EXISTS' });
  const wait = own.wait();
  const state = watched(wait);
  await using waiting = go('wait', 'b');
  await client.kv.get('b');
  assert.not(state.settled);
  await own.release();
  await wait;
  assert.equal(await waiting.printed(1), ['waited']);

  await own.hold();
  await using again = go('hold', 'b');
  assert.equal(await again.printed(1), ['key already exists']);
  const next = own.wait();
  await using releasing = go('release', 'b');
  assert.equal(await releasing.printed(1), ['released']);
  await next;
});

add('BA-02 BA-05 participants of both enter together and leave together, whoever comes last', async () => {
  for (const last of ['ours', 'theirs'] as const) {
    const key = `double-${last}`;
    await using session = await openSession(client);
    await using theirs = go('participate', key, '3');
    const [first, second] = [doubleBarrier(session, key, 3), doubleBarrier(session, key, 3)];
    await untilWaiting(client, key, 1);
    const entering = first.enter();
    await untilWaiting(client, key, 2);
    assert.equal(theirs.lines, []);
    await using another = go('participate', key, last === 'theirs' ? '3' : '1');
    if (last === 'ours') {
      assert.equal(await another.printed(1), ['too many clients']);
      await second.enter();
    }
    await entering;
    const inside = last === 'ours' ? [theirs] : [theirs, another];
    for (const one of inside) assert.equal(await one.printed(1), ['entered']);

    const leaving = [first, ...(last === 'ours' ? [second] : [])].map((one) => one.leave());
    const states = leaving.map(watched);
    for (const one of inside.slice(1)) one.write('leave');
    await eventually(async () => (await keysBelow(client, key)).filter((name) => name === 'waiter').length === 1);
    assert.ok(states.every(({ settled }) => !settled));
    theirs.write('leave');
    await Promise.all(leaving);
    for (const one of inside) assert.equal(await one.printed(2), ['entered', 'left']);
    assert.equal(await keysBelow(client, key), []);
  }
});

test.run();
