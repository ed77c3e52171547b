import { auth } from '@etcdts/auth';
import { createClient } from '@etcdts/core';
import { assert, suite } from '@etcdts/testing';
import { root, sleep, startAuthEtcd, TTL_MS, type TokenKind } from './auth-etcd.ts';

const test = suite('auth on three members', { timeoutMs: 60_000 });

for (const kind of ['simple', 'jwt'] satisfies TokenKind[]) {
  test(`one ${kind} token serves all members, at expiry too, and a silent one holds nobody up for long`, async () => {
    await using one = await startAuthEtcd(kind, 3);
    await using client = one.as();
    const spread = (count: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: count }, (_, i) =>
          client.kv.put(`app/spread/${i}`, 'x', { endpoint: one.etcd.endpoints[i % 3] }),
        ),
      );
    let before = await one.authenticates();
    await spread(99);
    assert.is((await one.authenticates()) - before, 1);
    await sleep(TTL_MS + 1_500);
    before = await one.authenticates();
    await spread(99);
    assert.is((await one.authenticates()) - before, 1);

    // Followers may lag: their state of users and roles may be older or newer than the token's.
    let done = false;
    const work = async (endpoint: string): Promise<void> => {
      while (!done) await client.kv.get('app/spread/1', { serializable: true, endpoint });
    };
    const change = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        await one.admin.roleAdd(`changes-${i}`);
        await sleep(100);
      }
    };
    const changing = change().finally(() => (done = true));
    await Promise.all([changing, ...one.etcd.endpoints.map(work)]);

    const silent = one.etcd.members[((await one.etcd.leader()) + 1) % 3];
    const rest = one.etcd.members.filter((member) => member !== silent).map(({ clientUrl }) => clientUrl);
    await using late = createClient({ endpoints: one.etcd.endpoints, interceptors: [auth(root)] });
    // Connects to all three.
    for (let i = 0; i < 3; i++) await late.cluster.memberList();
    await sleep(TTL_MS + 1_500);
    await silent?.freeze();
    const started = performance.now();
    await Promise.all(rest.map((endpoint) => late.kv.get('x', { endpoint })));
    const tookMs = performance.now() - started;
    await silent?.thaw();
    assert.ok(tookMs < 6_000, `${tookMs} ms`);
  });
}

test.run();
