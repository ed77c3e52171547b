// limit: 240 s
// These tests need a real etcd. The rest is in contract.test.ts.
import { assert, eventually, suite } from '@etcdts/testing';
import { EXPIRY_MS, root, sleep, startAuthEtcd, TTL_MS, type AuthEtcd, type TokenKind } from './auth-etcd.ts';

for (const kind of ['simple', 'jwt'] satisfies TokenKind[]) {
  const test = suite(`auth with ${kind} tokens`, { timeoutMs: 30_000 });
  let one: AuthEtcd;
  test.before(async () => {
    one = await startAuthEtcd(kind);
  });
  test.after(() => one?.[Symbol.asyncDispose]());

  test('A-14 calls that go on across expiries see no error, with one Authenticate for each', async () => {
    await using client = one.as();
    await client.kv.get('app/load');
    const before = await one.authenticates();
    const until = performance.now() + 2.5 * TTL_MS;
    let calls = 0;
    const work = async (): Promise<void> => {
      while (performance.now() < until) {
        await client.kv.put('app/load', String(calls++));
        await sleep(20);
      }
    };
    await Promise.all(Array.from({ length: 100 }, work));
    // Each use of a simple token prolongs its life.
    const renewals = (await one.authenticates()) - before;
    if (kind === 'simple') assert.is(renewals, 0);
    else assert.ok(renewals >= 2 && renewals <= 3, `${renewals} renewals, ${calls} calls`);
    assert.is((await client.kv.get('app/load')).kvs[0]?.version, calls);
  });

  test('a snapshot begins with a token that has expired', async () => {
    await using client = one.as(root);
    await client.kv.put('app/snapshot', 'x');
    await sleep(EXPIRY_MS);
    let bytes = 0;
    for await (const chunk of client.maintenance.snapshot()) bytes += chunk.length;
    assert.ok(bytes > 10_000);
  });

  test('A-14 a member that was restarted knows no old token, and calls and watches go on', async () => {
    await using client = one.as();
    const watch = client.watch('app/restart');
    await watch.created;
    await one.etcd.members[0]?.restart();
    await eventually(() => client.kv.put('app/restart', 'x'));
    for await (const event of watch.events()) {
      assert.is(event.kv.text(), 'x');
      break;
    }
  });

  test.run();
}
