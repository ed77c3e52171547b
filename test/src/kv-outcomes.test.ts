// on both transports
// runs alone
// limit: 120 s
import { compare, createClient, isEtcdError, op, type EtcdClient, type EtcdError } from '@etcdts/core';
import { assert, eventually, rejects, startEtcd, startProxy, suite } from '@etcdts/testing';
import type { EtcdServer, FaultProxy } from '@etcdts/testing';
import { createServer, type AddressInfo } from 'node:net';

const test = suite('kv outcomes', { timeoutMs: 60_000 });

let etcd: EtcdServer;
let direct: EtcdClient;

test.before(async () => {
  etcd = await startEtcd();
  direct = createClient({ endpoints: etcd.endpoint });
});
test.after(async () => {
  await direct.close();
  await etcd.close();
});

interface Broken {
  readonly client: EtcdClient;
  readonly proxy: FaultProxy;
}

/** Runs with a client that is already connected through a proxy. */
async function throughProxy(run: (broken: Broken) => Promise<void>): Promise<void> {
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint });
  await client.kv.get('warm');
  await run({ client, proxy });
}

/** Starts calls whose replies are swallowed, waits until etcd has executed them, and ends them. */
async function loseReplies(
  { client, proxy }: Broken,
  count: number,
  start: (index: number, timeoutMs: number | undefined) => Promise<unknown>,
  applied: () => Promise<boolean>,
  ending: 'deadline' | 'cut',
): Promise<readonly EtcdError[]> {
  await eventually(async () => (await client.kv.get('warm')).count === 0);
  proxy.swallowReplies();
  const calls = Array.from({ length: count }, (_, index) => start(index, ending === 'deadline' ? 400 : undefined));
  const settled = Promise.allSettled(calls);
  await eventually(applied);
  if (ending === 'cut') proxy.cut();
  const results = await settled;
  await proxy.heal();
  return results.map((result) => {
    if (result.status === 'fulfilled') throw new Error('a call whose reply was lost resolved');
    assert.ok(isEtcdError(result.reason), String(result.reason));
    assert.is(result.reason.outcome, 'unknown');
    assert.is(result.reason.code, ending === 'cut' ? 'UNAVAILABLE' : 'DEADLINE_EXCEEDED');
    return result.reason;
  });
}

test('H1 H2 each of 1,000 puts whose reply is lost is applied once, and its outcome is unknown', async () => {
  await throughProxy(async (broken) => {
    const batch = 100;
    for (let from = 0; from < 1_000; from += batch) {
      await loseReplies(
        broken,
        batch,
        (index, timeoutMs) => broken.client.kv.put(`outcomes/put/${from + index}`, 'x', { timeoutMs }),
        async () => (await direct.kv.get('outcomes/put/', { prefix: true, countOnly: true })).count === from + batch,
        from % 200 === 0 ? 'cut' : 'deadline',
      );
    }
  });
  // A repeated put would have arrived by now.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { kvs } = await direct.kv.get('outcomes/put/', { prefix: true });
  assert.is(kvs.length, 1_000);
  assert.equal([...new Set(kvs.map(({ version }) => version))], [1]);
});

test('H1 deletes and transactions whose reply is lost are applied once, and their outcome is unknown', async () => {
  await throughProxy(async (broken) => {
    const { client } = broken;
    for (let i = 0; i < 50; i++) await direct.kv.put(`outcomes/delete/${i}`, 'x');
    const left = async (): Promise<boolean> =>
      (await direct.kv.get('outcomes/delete/', { prefix: true, countOnly: true })).count === 0;
    await loseReplies(
      broken,
      50,
      (i, timeoutMs) => client.kv.delete(`outcomes/delete/${i}`, { timeoutMs }),
      left,
      'cut',
    );

    const done = async (): Promise<boolean> =>
      (await direct.kv.get('outcomes/txn/', { prefix: true, countOnly: true })).count === 50;
    await loseReplies(
      broken,
      50,
      (i, timeoutMs) => client.kv.txn({ then: [op.put(`outcomes/txn/${i}`, 'x')] }, { timeoutMs }),
      done,
      'deadline',
    );
    const { kvs } = await direct.kv.get('outcomes/txn/', { prefix: true });
    assert.equal([...new Set(kvs.map(({ version }) => version))], [1]);
  });
});

test('H1 a won compare-and-set whose reply is lost is applied once', async () => {
  await throughProxy(async (broken) => {
    const swap = {
      if: [compare.version('outcomes/cas', '=', 0)],
      then: [op.put('outcomes/cas', 'won')],
      else: [op.put('outcomes/cas', 'lost')],
    };
    const applied = async (): Promise<boolean> => (await direct.kv.get('outcomes/cas')).count === 1;
    await loseReplies(broken, 1, () => broken.client.kv.txn(swap), applied, 'cut');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { kvs } = await direct.kv.get('outcomes/cas');
    assert.is(kvs[0]?.text(), 'won');
    assert.is(kvs[0]?.version, 1);
  });
});

test('H5 a lease grant whose reply is lost leaves one lease', async () => {
  await throughProxy(async (broken) => {
    const count = async (): Promise<number> => (await direct.lease.leases()).leases.length;
    const before = await count();
    const grant = (_: number, timeoutMs: number | undefined): Promise<unknown> =>
      broken.client.lease.grant(60, { timeoutMs });
    await eventually(async () => (await broken.client.kv.get('warm')).count === 0);
    broken.proxy.swallowReplies();
    const grants = Promise.allSettled(Array.from({ length: 20 }, (_, i) => grant(i, 1_500)));
    await eventually(async () => (await count()) === before + 20);
    broken.proxy.cut();
    await broken.proxy.heal();
    for (const result of await grants) {
      if (result.status === 'fulfilled') continue;
      assert.ok(isEtcdError(result.reason));
      assert.is(result.reason.outcome, 'unknown');
    }
    assert.is(await count(), before + 20);
  });
});

test('CF-21 R-13 a put to an endpoint that refuses connections is not applied, and says so at once', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await using client = createClient({ endpoints: `127.0.0.1:${port}` });
  const started = performance.now();
  for (let i = 0; i < 20; i++) {
    const error = await rejects<EtcdError>(client.kv.put('outcomes/dead', 'x'), {
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
    });
    assert.match(error.message, /ECONNREFUSED/);
    assert.is(error.method, 'KV.Put');
  }
  assert.ok(performance.now() - started < 3_000);
});

test('a put after its connection was cut while idle is applied once, without an error', async () => {
  await throughProxy(async ({ client, proxy }) => {
    for (let i = 0; i < 20; i++) {
      await client.kv.get('warm');
      proxy.cut(i % 2 === 0 ? 'reset' : 'close');
      await eventually(() => client.describe().endpoints[0]?.state !== 'ready', { intervalMs: 1 });
      await client.kv.put(`outcomes/idle/${i}`, 'x');
    }
  });
  const { kvs } = await direct.kv.get('outcomes/idle/', { prefix: true });
  assert.equal(
    kvs.map(({ version }) => version),
    Array.from({ length: 20 }, () => 1),
  );
});

test('H2 puts under a storm of resets are applied at most once, and never where they are said not to be', async () => {
  await throughProxy(async ({ client, proxy }) => {
    let storming = true;
    const storm = (async () => {
      while (storming) {
        await new Promise((resolve) => setTimeout(resolve, 15));
        proxy.cut();
      }
    })();
    const results = new Map<string, unknown>();
    for (let round = 0; round < 60; round++) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const key = `outcomes/storm/${round}/${i}`;
          results.set(
            key,
            await client.kv.put(key, 'x', { timeoutMs: 2_000 }).then(
              () => 'ok',
              (error: unknown) => error,
            ),
          );
        }),
      );
    }
    storming = false;
    await storm;
    const { kvs } = await direct.kv.get('outcomes/storm/', { prefix: true });
    const versions = new Map(kvs.map((kv) => [kv.key.toString(), kv.version]));
    let unknown = 0;
    for (const [key, result] of results) {
      assert.ok((versions.get(key) ?? 0) <= 1, `${key} was applied ${versions.get(key)} times`);
      if (result === 'ok') assert.is(versions.get(key), 1, key);
      else if (isEtcdError(result) && result.outcome === 'not-applied')
        assert.is(versions.get(key), undefined, `${key}: ${result}`);
      else if (isEtcdError(result)) unknown++;
      else throw new Error(`${key}: ${String(result)}`);
    }
    assert.ok(unknown > 0, 'the storm met no call');
  });
});

test.run();
