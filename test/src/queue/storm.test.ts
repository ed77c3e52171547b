// runs alone
// limit: 180 s
import { createClient, isEtcdError, op, type EtcdClient, type KeyValue } from '@etcdts/core';
import { priorityQueue, queue, type Delivery, type ItemSource } from '@etcdts/queue';
import { assert, startEtcd, startProxy, suite, type EtcdServer, type FaultProxy } from '@etcdts/testing';
import { freshName } from './contract.ts';

const test = suite('queues in a storm', { timeoutMs: 120_000 });
const ITEMS = 300;
const WORKERS = 6;

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

/** What has become of the items. */
interface Account {
  /** The texts that were dequeued. */
  readonly dequeued: string[];
  /** How often items were handed out, given back, acknowledged, and could not be acknowledged any more. */
  deliveries: number;
  returns: number;
  acks: number;
  losses: number;
}

const chance = (share: number): boolean => Math.random() < share;
const take = <T>(from: T[]): T => from.splice(Math.floor(Math.random() * from.length), 1)[0] as T;

async function settle(delivery: Delivery, name: string, account: Account): Promise<void> {
  if (chance(0.2)) {
    account.returns++;
    return await delivery.release();
  }
  const effect = op.put(`${name}-done/${delivery.revision}`, delivery.text());
  await delivery.ack({ then: [effect] }).then(
    () => account.acks++,
    (error: unknown) => {
      assert.ok(isEtcdError(error, 'LOCK_LOST'), String(error));
      account.losses++;
    },
  );
}

/** One life of a worker. It ends well, or it dies: somebody else is given what it holds, and it goes on with that. */
async function live(source: ItemSource, name: string, account: Account): Promise<void> {
  const { id } = await direct.lease.grant(60);
  const worker = source.receiver({ lease: id });
  const held: Delivery[] = [];
  for (let step = 0; step < 20; step++) {
    if (chance(0.1)) {
      const item = await source.dequeue({ timeoutMs: 100 }).catch(onlyTimeout);
      if (item !== undefined) account.dequeued.push(item.text());
      continue;
    }
    const delivery = await worker.receive({ timeoutMs: 100 }).catch(onlyTimeout);
    if (delivery === undefined) break;
    account.deliveries++;
    held.push(delivery);
    if (held.length > 3) await settle(take(held), name, account);
  }
  if (chance(0.3)) await direct.lease.revoke(id);
  while (held.length > 0 && chance(0.9)) await settle(take(held), name, account);
  await worker.close();
}

function onlyTimeout(error: unknown): undefined {
  assert.ok(isEtcdError(error, 'DEADLINE_EXCEEDED') && error.outcome === 'not-applied', String(error));
}

const kinds = {
  queue: (client: EtcdClient, name: string) => {
    const source = queue(client, name);
    return { source, add: (text: string) => source.enqueue(text) };
  },
  priorityQueue: (client: EtcdClient, name: string) => {
    const source = priorityQueue(client, name);
    return { source, add: (text: string) => source.enqueue(text, Math.floor(Math.random() * 3)) };
  },
};

for (const [kind, make] of Object.entries(kinds)) {
  test(`QU-05 each item of a ${kind} has one effect, amid cuts, with workers that die, and none is lost`, async () => {
    const name = freshName();
    const account: Account = { dequeued: [], deliveries: 0, returns: 0, acks: 0, losses: 0 };
    const proxies: FaultProxy[] = await Promise.all(Array.from({ length: WORKERS }, () => startProxy(etcd.endpoint)));
    const clients = proxies.map((proxy) => createClient({ endpoints: proxy.endpoint }));
    let storming = true;
    const storm = (async () => {
      while (storming) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        (proxies[Math.floor(Math.random() * WORKERS)] as FaultProxy).cut();
      }
    })();
    const done = async (): Promise<KeyValue[]> => [...(await direct.kv.get(`${name}-done/`, { prefix: true })).kvs];
    const added = (async () => {
      for (let i = 0; i < ITEMS; i++) {
        // A request that was not applied is repeated; one with an unknown outcome would be a failure of the test.
        for (let tries = 0; ; tries++) {
          const one = make(clients[i % WORKERS] as EtcdClient, name);
          const failure = await one.add(String(i)).then(
            () => undefined,
            (error: unknown) => error,
          );
          if (failure === undefined) break;
          assert.ok(isEtcdError(failure) && failure.outcome === 'not-applied' && tries < 20, String(failure));
        }
      }
    })();
    await Promise.all([
      added,
      ...clients.map(async (client) => {
        const { source } = make(client, name);
        while ((await done()).length + account.dequeued.length < ITEMS) await live(source, name, account);
      }),
    ]);
    storming = false;
    await storm;
    const texts = [...(await done()).map((kv) => kv.text()), ...account.dequeued].map(Number);
    assert.equal(
      texts.toSorted((a, b) => a - b),
      Array.from({ length: ITEMS }, (_, i) => i),
    );
    assert.ok((await done()).every(({ version }) => version === 1));
    assert.is((await done()).length, account.acks);
    for (const prefix of [`${name}/`, `__${name}/held/`]) {
      assert.is((await direct.kv.get(prefix, { prefix: true })).count, 0, prefix);
    }
    assert.ok(account.losses > 5 && account.returns > 20, JSON.stringify(account));
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });
}

test.run();
