// runs alone
// limit: 300 s
import { createClient, isEtcdError, type EtcdClient, type KeyValue } from '@etcdts/core';
import { isCall, methods, type Call, type Interceptor } from '@etcdts/core/plugin';
import { priorityQueue, queue, type Enqueued, type ItemSource } from '@etcdts/queue';
import { assert, eventually, startEtcd, startProxy, suite, type EtcdServer, type FaultProxy } from '@etcdts/testing';
import { freshName } from './contract.ts';

const test = suite('outcomes of queues', { timeoutMs: 90_000 });
const OPERATIONS = 200;

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

/** Called before each transaction that writes. */
let onWrite = (): void => {};
const writes = (call: Call): boolean => isCall(call, methods.txn) && call.request.compare.length > 0;

interface Broken {
  readonly client: EtcdClient;
  readonly proxy: FaultProxy;
  /** How many transactions that write had no known outcome. */
  unknown(): number;
}

/** Runs with a client that is connected through a proxy. */
async function throughProxy(run: (broken: Broken) => Promise<void>): Promise<void> {
  let unknown = 0;
  const counting: Interceptor = {
    name: 'counting',
    unary: (next) => async (call) => {
      if (writes(call)) onWrite();
      try {
        return await next(call);
      } catch (error) {
        if (writes(call) && isEtcdError(error) && error.outcome === 'unknown') unknown++;
        throw error;
      }
    },
  };
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint, interceptors: [counting] });
  await client.kv.get('warm');
  await run({ client, proxy, unknown: () => unknown });
}

/** Loses one of the next replies with its connection, or half of it, or a request. */
function breakSoon(proxy: FaultProxy): void {
  if (Math.random() < 0.3) {
    void proxy.cutAfter({ direction: 'toServer', bytes: Math.floor(Math.random() * 1_500) });
    return;
  }
  let left = Math.floor(Math.random() * 4);
  proxy.onChunk = (direction) => {
    if (direction === 'toServer' || left-- > 0) return 'pass';
    proxy.onChunk = undefined;
    return 'cut';
  };
}

/** Loses every reply from the next write on until etcd has done what the call is for, then cuts. */
async function loseReply<T>(proxy: FaultProxy, call: () => Promise<T>, done: () => Promise<boolean>): Promise<T> {
  onWrite = () => {
    proxy.onChunk = (direction) => (direction === 'toClient' ? 'drop' : 'pass');
  };
  const work = call();
  await eventually(done, { intervalMs: 2 });
  onWrite = () => {};
  proxy.onChunk = undefined;
  proxy.cut();
  return await work;
}

const textsOf = (kvs: readonly KeyValue[]): string[] => kvs.map((kv) => kv.text());
const waitingIn = async (name: string): Promise<string[]> =>
  textsOf((await direct.kv.get(`${name}/`, { prefix: true, sort: { by: 'createRevision', order: 'ascend' } })).kvs);
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

test('QU-03 each of 200 enqueues amid cuts is applied once', async () => {
  await throughProxy(async ({ client, proxy, unknown }) => {
    const name = freshName();
    const one = queue(client, name);
    const expected: string[] = [];
    for (let i = 0; i < OPERATIONS; i++) {
      breakSoon(proxy);
      await one.enqueue(String(i)).then(
        () => expected.push(String(i)),
        (error: unknown) => assert.is(isEtcdError(error) && error.outcome, 'not-applied', String(error)),
      );
    }
    assert.equal(await waitingIn(name), expected);
    assert.ok(expected.length > OPERATIONS * 0.8, `${expected.length} were added`);
    assert.ok(unknown() > OPERATIONS / 10, `${unknown()} transactions had no known outcome`);
  });
});

test('QU-03 QU-06 enqueues by priority amid cuts are applied once', async () => {
  await throughProxy(async ({ client, proxy, unknown }) => {
    const name = freshName();
    const one = priorityQueue(client, name);
    const expected: string[] = [];
    for (let i = 0; i < OPERATIONS; i++) {
      breakSoon(proxy);
      await one.enqueue(String(i), 3).then(
        () => expected.push(String(i)),
        (error: unknown) => assert.ok(isEtcdError(error, 'UNAVAILABLE'), String(error)),
      );
    }
    const { kvs } = await direct.kv.get(`${name}/`, { prefix: true });
    assert.equal(textsOf(kvs), expected);
    assert.ok(unknown() > OPERATIONS / 20, `${unknown()} transactions had no known outcome`);
  });
});

test('QU-03 200 enqueues whose replies are lost are applied once, and resolve', async () => {
  await throughProxy(async ({ client, proxy, unknown }) => {
    const name = freshName();
    for (let from = 0; from < OPERATIONS; from += 20) {
      // The lease of the marks is there from the first enqueue on.
      await queue(client, `${name}-warm`).enqueue('');
      const add = (): Promise<Enqueued[]> =>
        Promise.all(Array.from({ length: 20 }, (_, i) => queue(client, name).enqueue(String(from + i))));
      const added = await loseReply(proxy, add, async () => (await waitingIn(name)).length === from + 20);
      const { kvs } = await direct.kv.get(`${name}/`, { prefix: true });
      for (const { key, revision } of added) {
        assert.is(kvs.find((kv) => kv.key.equals(key))?.createRevision, revision);
      }
    }
    assert.equal(
      (await waitingIn(name))
        .map(Number)
        .toSorted((a, b) => a - b)
        .map(String),
      numbers(OPERATIONS),
    );
    assert.ok(unknown() >= OPERATIONS, `${unknown()} transactions had no known outcome`);
  });
});

const kinds: Record<string, (client: EtcdClient, name: string) => ItemSource> = { queue, priorityQueue };
for (const [kind, make] of Object.entries(kinds)) {
  const fill = async (name: string): Promise<void> => {
    const one = make(direct, name);
    for (const text of numbers(OPERATIONS)) {
      if (kind === 'queue') await queue(direct, name).enqueue(text);
      else await (one as ReturnType<typeof priorityQueue>).enqueue(text, 3);
    }
  };

  test(`QU-03 QU-05 200 items that are dequeued from a ${kind} amid cuts come once, in order`, async () => {
    await throughProxy(async ({ client, proxy, unknown }) => {
      const name = freshName();
      await fill(name);
      const one = make(client, name);
      const taken: string[] = [];
      for (let i = 0; i < OPERATIONS; i++) {
        breakSoon(proxy);
        taken.push((await one.dequeue()).text());
      }
      assert.equal(taken, numbers(OPERATIONS));
      assert.equal(await waitingIn(name), []);
      assert.ok(unknown() > OPERATIONS / 10, `${unknown()} transactions had no known outcome`);
    });
  });

  test(`QU-03 QU-05 200 items that are received from a ${kind} and acknowledged amid cuts come once, in order`, async () => {
    await throughProxy(async ({ client, proxy, unknown }) => {
      const name = freshName();
      await fill(name);
      await using worker = make(client, name).receiver();
      const taken: string[] = [];
      for (let i = 0; i < OPERATIONS; i++) {
        breakSoon(proxy);
        const delivery = await worker.receive();
        assert.is(delivery.attempts, 1);
        taken.push(delivery.text());
        breakSoon(proxy);
        await delivery.ack();
      }
      assert.equal(taken, numbers(OPERATIONS));
      assert.equal(await waitingIn(name), []);
      assert.is((await direct.kv.get(`__${name}/held/`, { prefix: true })).count, 0);
      assert.ok(unknown() > OPERATIONS / 5, `${unknown()} transactions had no known outcome`);
    });
  });
}

test('QU-03 QU-05 200 dequeues, receives and acks whose replies are lost are applied once, and resolve', async () => {
  await throughProxy(async ({ client, proxy }) => {
    const name = freshName();
    const one = queue(client, name);
    await using worker = one.receiver();
    const taken: string[] = [];
    // The leases are there from the first item on.
    await one.enqueue('x');
    await one.enqueue('x');
    await one.dequeue();
    await (await worker.receive()).ack();
    for (const text of numbers(2 * OPERATIONS)) await one.enqueue(text);
    const heldCount = async (): Promise<number> =>
      (await direct.kv.get(`__${name}/held/items/`, { prefix: true, countOnly: true })).count;
    const waitingCount = async (): Promise<number> =>
      (await direct.kv.get(`${name}/`, { prefix: true, countOnly: true })).count;
    for (let i = 0; i < OPERATIONS; i++) {
      const before = await waitingCount();
      const dequeuing = loseReply(proxy, one.dequeue, async () => (await waitingCount()) === before - 1);
      taken.push((await dequeuing).text());
      const delivery = await loseReply(proxy, worker.receive, async () => (await heldCount()) === 1);
      taken.push(delivery.text());
      await loseReply(proxy, delivery.ack, async () => (await heldCount()) === 0);
    }
    assert.equal(taken, numbers(2 * OPERATIONS));
    assert.is(await waitingCount(), 0);
  });
});

test('QU-05 QU-07 an abort or a close while a claim is under way loses no item', async () => {
  await throughProxy(async ({ client, proxy }) => {
    const name = freshName();
    const one = queue(client, name);
    const worker = one.receiver();
    const count = async (below: string): Promise<number> =>
      (await direct.kv.get(below, { prefix: true, countOnly: true })).count;
    const isHeld = async (): Promise<boolean> => (await count(`__${name}/held/claims/`)) === 1;
    const isFree = async (): Promise<boolean> => (await count(`__${name}/held/claims/`)) === 0;
    // The leases are there.
    await one.enqueue('x');
    await (await worker.receive()).ack();
    for (let i = 0; i < 10; i++) {
      await one.enqueue('received');
      const controller = new AbortController();
      const reason = new Error('enough');
      const aborted = await loseReply(
        proxy,
        async () => await worker.receive({ signal: controller.signal }).catch((error: unknown) => error),
        async () => {
          if (!(await isHeld())) return false;
          controller.abort(reason);
          return true;
        },
      );
      assert.is(aborted, reason);
      await eventually(isFree);
      assert.is((await one.dequeue()).text(), 'received');

      await one.enqueue('dequeued');
      const late = new AbortController();
      const item = await loseReply(
        proxy,
        () => one.dequeue({ signal: late.signal }),
        async () => {
          if ((await count(`${name}/`)) > 0) return false;
          late.abort(reason);
          return true;
        },
      );
      assert.is(item.text(), 'dequeued');
    }

    await one.enqueue('acknowledged');
    const delivery = await worker.receive();
    await loseReply(proxy, delivery.ack, async () => {
      if (!(await isFree())) return false;
      void worker.close();
      return true;
    });
    await worker.close();

    await one.enqueue('received');
    const { id } = await direct.lease.grant(60);
    for (const lease of [id, undefined]) {
      const closed = one.receiver({ lease });
      await one.enqueue('first');
      const first = await closed.receive();
      const ending = await loseReply(
        proxy,
        async () => await closed.receive().catch((error: { code?: string }) => error.code),
        async () => {
          if ((await count(`__${name}/held/claims/`)) < 2) return false;
          void closed.close();
          return true;
        },
      );
      assert.is(ending, 'SESSION_ENDED');
      await closed.close();
      assert.ok(await isFree());
      assert.ok(first.signal.aborted);
      await one.dequeue();
    }
  });
});

test('QU-03 a request that arrives after its outcome was settled changes nothing', async () => {
  await using slow = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: [slow.endpoint, etcd.endpoint] });
  const name = freshName();
  const queues = Array.from({ length: 20 }, () => queue(client, name));
  for (const one of queues) await one.enqueue('before');
  await eventually(() => client.describe().endpoints.every(({ state }) => state === 'ready'));
  slow.pause('toServer');
  // Those that go to the slow endpoint are sent again to the other one after 2 s.
  await Promise.all(queues.map((one, i) => one.enqueue(String(i))));
  const taken: string[] = [];
  for (let i = 0; i < 30; i++) taken.push((await (queues[0] as (typeof queues)[0]).dequeue()).text());
  const passed = slow.bytes.toServer;
  await slow.heal();
  await eventually(() => slow.bytes.toServer > passed);
  for (let i = 0; i < 10; i++) taken.push((await (queues[0] as (typeof queues)[0]).dequeue()).text());
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.is(await queue(direct, name).tryDequeue(), undefined);
  assert.equal(
    taken.slice(0, 20),
    Array.from({ length: 20 }, () => 'before'),
  );
  assert.equal(
    taken
      .slice(20)
      .map(Number)
      .toSorted((a, b) => a - b)
      .map(String),
    numbers(20),
  );
});

test.run();
